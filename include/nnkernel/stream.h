/// Where images come from and where weights go: memory, or functions that read and write pieces.
#ifndef NNKERNEL_STREAM_H
#define NNKERNEL_STREAM_H

#include "nnkernel/status.h"
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// The images of a data set, all of one size.
///
/// Where they are mapped (RAM, flash), `images` points to them, one after the other, and nothing is copied.
/// Elsewhere `images` is NULL and `read` puts `count` bytes of image `example`, from byte `offset` on, into
/// `out`; it returns NNK_OK or, if it can't, NNK_E_SOURCE. The same bytes must come each time.
typedef struct nnk_source {
    const uint8_t *images;
    nnk_status (*read)(void *context, uint32_t example, uint32_t offset, uint32_t count, uint8_t *out);
    void *context;
} nnk_source;

/// Takes `count` bytes of a file for position `offset`; returns NNK_OK or, if it can't, NNK_E_SINK.
///
/// Offsets ascend without gaps from 64 on; the header, 64 bytes for offset 0, comes last. A file that was
/// cut off therefore has no header, and is not taken for a model.
typedef struct nnk_sink {
    nnk_status (*write)(void *context, uint32_t offset, const uint8_t *bytes, uint32_t count);
    void *context;
} nnk_sink;

#ifdef __cplusplus
}
#endif

#endif
