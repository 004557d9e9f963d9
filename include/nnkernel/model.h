/// The model file: a 64-byte header and the weights, used where it lies. docs/FORMAT.md gives every byte.
#ifndef NNKERNEL_MODEL_H
#define NNKERNEL_MODEL_H

#include "nnkernel/status.h"
#include "nnkernel/topology.h"
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define NNK_HEADER_BYTES     64
#define NNK_CLASS_NAME_BYTES 32 ///< of UTF-8 for each class, the rest zeros; at least one zero

/// A model's header, and where its weights are.
typedef struct nnk_model {
    const nnk_topology *topology;
    const void *parameters;     ///< W1, b1, W2, b2, ...: each W row by row; aligned to 8 bytes
    const char *class_names[2]; ///< zero-terminated, behind the parameters; empty if they weren't given
    uint32_t payload_bytes;     ///< parameters and names
    int32_t dtype;              ///< NNK_F32 or NNK_F64
    /// Where it comes from.
    int32_t method;      ///< NNK_PRIMAL or NNK_DUAL
    int32_t initializer; ///< NNK_INIT_DEEP or NNK_INIT_SMALL
    uint32_t seed;
    uint32_t iterations;
    uint32_t examples;
    uint32_t data_crc; ///< CRC-32 of the labels, then of the images it was trained on
    double learning_rate;
} nnk_model;

/// Checks `length` bytes of a model and says what they hold; `model` refers to `bytes` from then on.
///
/// In this order: NNK_E_LENGTH, NNK_E_ALIGN, NNK_E_MAGIC, NNK_E_HEADER, NNK_E_VERSION, NNK_E_KIND,
/// NNK_E_TOPOLOGY, NNK_E_SIZE, NNK_E_PAYLOAD. No size is taken from the file: its topology is compared with
/// `topology`, which must outlive `model`.
nnk_status nnk_model_open(nnk_model *model, const void *bytes, size_t length, const nnk_topology *topology);

/// The same, of the header alone: `bytes` holds NNK_HEADER_BYTES, the pointers into the payload are NULL.
nnk_status nnk_model_peek(nnk_model *model, const void *bytes, const nnk_topology *topology);

/// Files are little-endian. On a big-endian processor this turns the payload of a checked model around, in
/// place, so that nnk_predict_begin can use it; elsewhere it does nothing.
void nnk_model_to_native(const nnk_model *model, void *bytes);

/// CRC-32 as in zlib and PNG. Start with 0 and pass the last result on: the pieces give the whole's.
uint32_t nnk_crc32(uint32_t crc, const void *bytes, size_t count);

#ifdef __cplusplus
}
#endif

#endif
