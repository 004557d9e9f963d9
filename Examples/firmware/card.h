/// The memory card, an array of blocks. No file system: what lies where is fixed here, and card.py, which
/// makes cards and takes models off them, knows the same numbers.
#ifndef CARD_H
#define CARD_H

#include "board.h"

/// First blocks. An image of 12288 bytes is 24 blocks.
enum {
    CARD_JOB = 0,    // what to do, see card_job
    CARD_LABELS = 1, // one byte each, in the order of the images
    CARD_CHECKPOINT = 1024,
    CARD_OTHER_CHECKPOINT = 2048,
    CARD_MODEL = 4096,
    CARD_IMAGES = 8192,
};

/// Bytes from `at` on, counted from the card's start. 1, or 0 if the card can't.
int32_t card_bytes(uint32_t at, uint32_t count, uint8_t *out);

/// The card's first block. Bytes 0 ... 7: "NNKCARD1"; then little-endian, as read below, from byte 8 on; the
/// learning rate, f64, at 32; the names of the classes at 64 and 96, 32 bytes each.
typedef struct card_job {
    uint32_t examples;         ///< images to train on, the first ones on the card
    uint32_t tests;            ///< images behind them, to test with
    uint32_t iterations;       ///< gradient steps
    uint32_t cost_every;       ///< iterations between two costs
    uint32_t seed;             ///< of the initial weights
    uint32_t checkpoint_every; ///< slices of work between two checkpoints; 0: none
    double learning_rate;
    char class_names[2][NNK_CLASS_NAME_BYTES];
} card_job;

/// 1, or 0 if the card can't be read or holds no job.
int32_t card_read_job(card_job *job);

/// The core's source; it needs no context.
nnk_status card_image(void *context, uint32_t example, uint32_t offset, uint32_t count, uint8_t *out);

/// A file as the core writes it, headers last, is laid out so that every block is written once: its header is
/// the end of block `first`, which is written last, and its payload begins in the next one. What is there
/// counts for nothing from the first write on until that block is on the card.
typedef struct card_file {
    uint32_t first;
    uint32_t serial; ///< lies in the first block as well: the newer checkpoint has the larger one
} card_file;

nnk_status card_file_write(void *file, uint32_t offset, const uint8_t *bytes, uint32_t count);
nnk_status card_file_read(void *file, uint32_t offset, uint32_t count, uint8_t *out);

/// The serial number that the card holds for this file.
uint32_t card_file_serial(const card_file *file);

#endif
