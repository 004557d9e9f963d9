/// Where images come from and where files go: memory, or functions of the caller that read and write pieces.
///
/// These functions must return: no C++ exception and no longjmp may leave them, since that would leave the
/// core's work half done. In C++, declare them noexcept and report errors by the status.
#ifndef NNKERNEL_STREAM_H
#define NNKERNEL_STREAM_H

#include "nnkernel/status.h"
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// The images of a data set. All have the same number of bytes: topology->size[0].
///
/// If the images are in memory (RAM or mapped flash), `images` points to them, one after the other, and
/// nothing is copied. Otherwise `images` is NULL, and `read` copies `count` bytes of image `example`, from
/// byte `offset` on, to `out`. It returns NNK_OK, or NNK_E_SOURCE if it cannot. It must give the same bytes
/// each time.
typedef struct nnk_source {
    const uint8_t *images;
    nnk_status (*read)(void *context, uint32_t example, uint32_t offset, uint32_t count, uint8_t *out);
    void *context; ///< passed to `read`
} nnk_source;

/// How every image is taken a second time, mirrored from left to right: behind the m images come their mirror
/// images, in the same order, with the same labels and weights. They take no memory of their own. All zeros:
/// they are not taken.
typedef struct nnk_mirror {
    uint32_t row_bytes;   ///< of a row of an image: 192 for 64 RGB pixels; it divides topology->size[0]
    uint32_t pixel_bytes; ///< 1 ... 4: 3 for RGB; it divides row_bytes
} nnk_mirror;

/// Where a file goes. `write` stores `count` bytes at position `offset` of the file. It returns NNK_OK, or
/// NNK_E_SINK if it cannot.
///
/// The first call has offset 64, and each further one continues where the last one ended. The header (64
/// bytes at offset 0) comes last. A file that was cut off therefore has no header and is not taken for a
/// model.
typedef struct nnk_sink {
    nnk_status (*write)(void *context, uint32_t offset, const uint8_t *bytes, uint32_t count);
    void *context; ///< passed to `write`
} nnk_sink;

/// Writes one file to a device that takes whole blocks: the flash of a microcontroller (8 or 16 bytes),
/// serial flash (256), a memory card (512). Every block is written once, in ascending order; only the first,
/// or those with a part of the header, come last. So a file whose writing was cut off has no header. The
/// device has the bytes of the file from its beginning, and 0xff behind its end up to the end of a block.
///
///     static uint8_t memory[NNK_BLOCK_WRITER_BYTES(512)];
///     nnk_block_writer writer = {.device = sink, .block_bytes = 512, .memory = memory};
///     const nnk_sink blocks = {nnk_block_write, &writer}; // for nnk_train_finish and so on
///
/// Flash must be erased beforehand. On a device that need not be erased, an older file in that place must be
/// made invalid beforehand: overwrite its first block. The next file takes a writer that is set up again.
typedef struct nnk_block_writer {
    nnk_sink device;      ///< its `write` gets one block: `count` is block_bytes, `offset` a multiple of it
    uint32_t block_bytes; ///< 1 or more
    /// NNK_BLOCK_WRITER_BYTES(block_bytes). If it is aligned to 8, so are blocks of n x 8 bytes.
    uint8_t *memory;
    // Not for callers; zeros at first.
    uint32_t position; ///< bytes of the file that are taken
    uint32_t first;    ///< bytes of the first blocks that are written
} nnk_block_writer;

/// Bytes of memory for blocks of so many bytes: for the first blocks, which hold the header, and one more.
#define NNK_BLOCK_WRITER_BYTES(block_bytes)                                                                  \
    ((63 + (block_bytes)) / (block_bytes) * (block_bytes) + (block_bytes))

/// The function of an nnk_sink, whose context is an nnk_block_writer. After NNK_E_SINK the core writes the
/// same bytes, or the file from its beginning, once more; then the block that failed is written again, and
/// none of those before. NNK_E_ARGUMENT: also for bytes that do not continue the last ones.
nnk_status nnk_block_write(void *writer, uint32_t offset, const uint8_t *bytes, uint32_t count);

/// Where a file comes from. `read` reads `count` bytes of it from position `offset` on into `out`. It returns
/// NNK_OK, or NNK_E_SOURCE if it cannot. It must give the same bytes each time. `out` can have any alignment:
/// a driver that needs an aligned address copies.
typedef struct nnk_reader {
    nnk_status (*read)(void *context, uint32_t offset, uint32_t count, uint8_t *out);
    void *context; ///< passed to `read`
} nnk_reader;

#ifdef __cplusplus
}
#endif

#endif
