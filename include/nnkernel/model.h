/// The model file: a 64-byte header and the weights, used where it lies. docs/FORMAT.md gives every byte.
#ifndef NNKERNEL_MODEL_H
#define NNKERNEL_MODEL_H

#include "nnkernel/status.h"
#include "nnkernel/stream.h"
#include "nnkernel/topology.h"
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define NNK_HEADER_BYTES     64
#define NNK_CLASS_NAME_BYTES 32 ///< of UTF-8 for each class, the rest zeros; at least one zero

#define NNK_INIT_NONE 0 ///< in a model: its weights were imported, not trained from initial ones

/// A model's header, and where its weights are.
typedef struct nnk_model {
    const nnk_topology *topology;
    /// W1, b1, W2, b2, ...: each W row by row; aligned to 8 bytes. NNK_I8: floats, of which the first scale
    /// the rows of W1, then b1, W2, b2, ..., then W1 as int8.
    const void *parameters;
    const char *class_names[2]; ///< zero-terminated, behind the parameters; empty if they weren't given
    uint32_t payload_bytes;     ///< parameters and names
    int32_t dtype;              ///< NNK_F32, NNK_F64 or NNK_I8
    /// Where it comes from: how it was trained. All zeros if its weights were imported.
    int32_t method;      ///< NNK_PRIMAL or NNK_DUAL
    int32_t initializer; ///< NNK_INIT_DEEP or NNK_INIT_SMALL; NNK_INIT_NONE: imported
    uint32_t seed;
    uint32_t iterations;
    uint32_t examples;
    uint32_t data_crc; ///< CRC-32 of the labels, then of the images it was trained on
    double learning_rate;
} nnk_model;

/// Checks `length` bytes of a model and says what they hold; `model` refers to `bytes` from then on.
///
/// In this order: NNK_E_LENGTH, NNK_E_ALIGN, NNK_E_MAGIC, NNK_E_HEADER, NNK_E_VERSION, NNK_E_KIND,
/// NNK_E_TOPOLOGY, NNK_E_SIZE, NNK_E_PAYLOAD; NNK_E_HEADER and NNK_E_KIND also of a learning rate and of
/// class names that can't be. What else it says of its origin is as the file has it. No size is taken from
/// the file: its topology is compared with `topology`, which must outlive `model`.
nnk_status nnk_model_open(nnk_model *model, const void *bytes, size_t length, const nnk_topology *topology);

/// The same, of the header alone: `bytes` holds NNK_HEADER_BYTES, the pointers into the payload are NULL.
nnk_status nnk_model_peek(nnk_model *model, const void *bytes, const nnk_topology *topology);

/// Files are little-endian. On a big-endian processor this turns the payload of a checked model around, in
/// place, so that nnk_predict_begin can use it; elsewhere it does nothing.
void nnk_model_to_native(const nnk_model *model, void *bytes);

/// Bytes of a model file of that element type.
uint32_t nnk_model_bytes(const nnk_topology *topology, int32_t dtype);

/// Writes a model of this processor's order of bytes: nnk_model_bytes(topology, dtype). Of `model`, the
/// payload's size is not looked at, and names may be NULL. NNK_E_ARGUMENT (also a learning rate that no
/// training has, or one of an imported model), NNK_E_SINK.
nnk_status nnk_model_write(const nnk_model *model, nnk_sink sink);

/// The same with the weights of layer 1 in bytes and all else in float: a model of NNK_I8 from one of NNK_F32
/// or NNK_F64. Computed in double, so that its bytes are the same everywhere:
///
///     scale[i] = max over k of |w[i][k]| / 127, rounded to float     (0 if it is below FLT_MIN)
///     q[i][k] = w[i][k] / scale[i], rounded to nearest even          (0 if the scale is)
///
/// NNK_E_ARGUMENT, NNK_E_KIND (it is of NNK_I8), NNK_E_SINK, NNK_E_PAYLOAD (a parameter does not fit a
/// float).
nnk_status nnk_model_quantize(const nnk_model *model, nnk_sink sink);

/// CRC-32 as in zlib and PNG. Start with 0 and pass the last result on: the pieces give the whole's.
uint32_t nnk_crc32(uint32_t crc, const uint8_t *bytes, size_t count);

#ifdef __cplusplus
}
#endif

#endif
