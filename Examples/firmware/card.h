/// The memory card: an array of blocks without a file system. The positions below are fixed; card.py, which
/// makes cards and copies models from them, uses the same numbers.
#ifndef CARD_H
#define CARD_H

#include "board.h"

/// First block of each part. An image of 12288 bytes takes 24 blocks.
enum {
    CARD_JOB = 0,            // the job, see card_job
    CARD_LABELS = 1,         // one byte each, in the order of the images
    CARD_CHECKPOINTS = 1024, // three files of up to 1024 blocks
    CARD_MODEL = 4096,
    CARD_IMAGES = 8192,
};

/// Reads `count` bytes, from byte `at` of the card on. Returns 1, or 0 on failure.
int32_t card_bytes(uint32_t at, uint32_t count, uint8_t *out);

/// The job in the card's first block: "NNKCARD1" in bytes 0 ... 7; from byte 8 on the numbers below in their
/// order, little-endian u32; the learning rate, f64, at byte 32; center, u32, at 40; the class names at 64
/// and 96, 32 bytes each.
typedef struct card_job {
    uint32_t examples;         ///< training images, the first on the card
    uint32_t tests;            ///< test images, after the training images
    uint32_t iterations;       ///< gradient steps
    uint32_t cost_every;       ///< iterations from one cost to the next
    uint32_t seed;             ///< seed of the initial weights
    uint32_t checkpoint_every; ///< slices of work from one checkpoint to the next; 0: none
    double learning_rate;
    bool center; ///< the mean of the images is taken off
    char class_names[2][NNK_CLASS_NAME_BYTES];
} card_job;

/// Returns 1, or 0 if the card cannot be read or has no job.
int32_t card_read_job(card_job *job);

/// The `read` function of the core's nnk_source; `context` is ignored.
nnk_status card_image(void *context, uint32_t example, uint32_t offset, uint32_t count, uint8_t *out);

/// A file on the card. The core writes the header of a file last, and the layout lets each block be written
/// once: the header is the end of block `first`, and the payload begins in the next block. The first write
/// makes the old file invalid; the new one is valid once block `first` is on the card.
typedef struct card_file {
    uint32_t first;
    uint32_t serial; ///< also stored in block `first`; the newer checkpoint has the larger number; 0: none
} card_file;

/// The functions of the core's nnk_sink and nnk_reader; `file` is a card_file.
nnk_status card_file_write(void *file, uint32_t offset, const uint8_t *bytes, uint32_t count);
nnk_status card_file_read(void *file, uint32_t offset, uint32_t count, uint8_t *out);

/// The serial number in the file on the card; 0 if it cannot be read, or if block `first` is half written.
uint32_t card_file_serial(const card_file *file);

#endif
