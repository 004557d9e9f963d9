/// The status that most functions return: zero or positive is success, negative is an error.
///
/// One rule for wrong arguments holds for all functions in these headers. An argument is wrong if it is NULL
/// where an object or memory is needed, if it is a number that its enumeration does not have, or if it is a
/// job, topology or model with a field outside its documented range. Then a function that returns
///
/// - a status returns NNK_E_ARGUMENT,
/// - a size or a count returns 0,
/// - yes or no returns 0,
/// - a pointer returns NULL,
/// - nothing does nothing,
///
/// and no memory is written. Memory that is not aligned to 8 bytes gives NNK_E_ALIGN, or 0 for a count. Where
/// several errors apply, any of them may be returned. Files are the exception: nnk_model_open names the order
/// of its checks.
///
/// The rule does not cover the building blocks, which run in inner loops: the functions in nnk_arithmetic and
/// nnk_inference, nnk_crc32 and random.h. nnk_predict_feed and nnk_predict_finish check for NULL, but rely on
/// memory that nnk_predict_begin has accepted. No function can notice a pointer to memory that is too short
/// or no longer there.
#ifndef NNKERNEL_STATUS_H
#define NNKERNEL_STATUS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Zero or positive: success. Negative: nothing was done, or the work cannot go on.
typedef int32_t nnk_status;

#define NNK_OK         0     ///< Done.
#define NNK_MORE       1     ///< One slice of work is done: call again.
#define NNK_COST       2     ///< Like NNK_MORE, and nnk_train_progress has a new cost.
#define NNK_E_ARGUMENT (-1)  ///< An argument is NULL, or a size, count or option is out of its range.
#define NNK_E_MEMORY   (-2)  ///< The memory passed is too small.
#define NNK_E_ALIGN    (-3)  ///< The memory passed is not aligned to 8 bytes.
#define NNK_E_STATE    (-4)  ///< Called out of order, or the memory or checkpoint belongs to another job.
#define NNK_E_LABEL    (-5)  ///< A label is neither 0 nor 1.
#define NNK_E_SOURCE   (-6)  ///< A read function of the caller failed.
#define NNK_E_SINK     (-7)  ///< A write function of the caller failed.
#define NNK_E_DIVERGED (-8)  ///< The cost is no longer finite: the learning rate is too high.
#define NNK_E_LENGTH   (-9)  ///< A file has fewer bytes than its header, or than its header says.
#define NNK_E_MAGIC    (-10) ///< Neither a model nor a checkpoint.
#define NNK_E_HEADER   (-11) ///< A file's header is damaged: its checksum is wrong, or a number in it.
#define NNK_E_VERSION  (-12) ///< A file of another version of the format.
#define NNK_E_KIND     (-13) ///< Another kind of file, or another element type, than expected.
#define NNK_E_TOPOLOGY (-14) ///< The network in a file has another topology.
#define NNK_E_SIZE     (-15) ///< A file has another size than its topology and element type need.
#define NNK_E_PAYLOAD  (-16) ///< The contents of a file are damaged: their checksum is wrong, or a number.
#define NNK_E_FLOAT    (-17) ///< This processor or build rounds differently than the results require.
#define NNK_E_WEIGHT   (-18) ///< A weight is negative or not finite, or those of a whole class are 0.
/// A parameter of a model is not finite, or so large that computing with it overflows; or a scale is
/// negative.
#define NNK_E_PARAMETER (-19)

/// A short English text for `status`, without a full stop; "unknown status" for any other number.
const char *nnk_status_text(nnk_status status);

#ifdef __cplusplus
}
#endif

#endif
