/// What a call reports: below zero an error, of which nnk_status_text gives a text.
#ifndef NNKERNEL_STATUS_H
#define NNKERNEL_STATUS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Zero or above: it went well. Below zero: nothing was done, or the work can't go on.
typedef int32_t nnk_status;

#define NNK_OK         0     ///< Done.
#define NNK_MORE       1     ///< One slice is done, call again.
#define NNK_COST       2     ///< Like NNK_MORE, and a new cost stands in the trainer's progress.
#define NNK_E_ARGUMENT (-1)  ///< A size, count or option lies outside its documented range.
#define NNK_E_MEMORY   (-2)  ///< The memory handed over is too small.
#define NNK_E_ALIGN    (-3)  ///< The memory handed over is not aligned to 8 bytes.
#define NNK_E_STATE    (-4)  ///< Out of order, or the memory belongs to another job.
#define NNK_E_LABEL    (-5)  ///< A label is neither 0 nor 1.
#define NNK_E_SOURCE   (-6)  ///< The source could not read.
#define NNK_E_SINK     (-7)  ///< The sink could not write.
#define NNK_E_DIVERGED (-8)  ///< The cost is no longer finite: the learning rate is too high.
#define NNK_E_LENGTH   (-9)  ///< A model has fewer bytes than its header, or than it should.
#define NNK_E_MAGIC    (-10) ///< Not a model.
#define NNK_E_HEADER   (-11) ///< A model's header is damaged (checksum).
#define NNK_E_VERSION  (-12) ///< A model of a later version.
#define NNK_E_KIND     (-13) ///< Another kind of file, or another element type, than asked for.
#define NNK_E_TOPOLOGY (-14) ///< A model of another topology.
#define NNK_E_SIZE     (-15) ///< A model's payload has another size than its topology and type need.
#define NNK_E_PAYLOAD  (-16) ///< A model's weights are damaged (checksum).
#define NNK_E_FLOAT    (-17) ///< This processor's floating point does not do what the bits rely on.

/// A short English text for `status`, without a full stop; "unknown status" for any other number.
const char *nnk_status_text(nnk_status status);

#ifdef __cplusplus
}
#endif

#endif
