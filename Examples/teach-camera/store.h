/// The card: settings, a log, two places for models, and places for images. An image or a model is written
/// first and its entry in the log last; a whole entry is never written again. Power may fail at any moment:
/// what has an entry is there, and what has none never was.
#ifndef STORE_H
#define STORE_H

#include "board.h"

/// First block of each part. teach.py uses the same numbers.
enum {
    STORE_SETTINGS = 0,  // text
    STORE_MODELS = 1024, // two files of up to 1024 blocks
    STORE_LOG = 4096,    // an entry a block
    STORE_IMAGES = 8192, // 24 blocks each
};
enum {
    STORE_SETTINGS_BYTES = 8 * CARD_BLOCK,
    STORE_ENTRIES = STORE_IMAGES - STORE_LOG,
    STORE_MODEL_BLOCKS = 1024
};

/// A model that the log names. `place` is 0 or 1.
typedef struct store_model {
    uint32_t place;
    uint32_t crc;      ///< of its payload
    uint32_t settings; ///< checksum of the settings that it was trained with
    bool is_newest;    ///< no example came, went or changed since
} store_model;

/// Reads the log. Returns NULL, or what is wrong; then nothing may be written.
const char *store_open(void);

/// The examples, in the order in which they were recorded.
uint32_t store_examples(void);
const uint8_t *store_labels(void);

/// Reads `count` bytes, from byte `at` of the card on. Returns false on failure.
bool store_read(uint32_t at, uint32_t count, uint8_t *out);

/// The `read` function of the core's nnk_source; `context` is ignored.
nnk_status store_image(void *context, uint32_t example, uint32_t offset, uint32_t count, uint8_t *out);

/// Whether there is room for an example, and for an entry. Returns NULL, or what is full.
const char *store_is_full(void);

/// Begins an image, then takes its rows, then records it with its label. Each returns false on failure.
void store_begin_image(void);
bool store_row(const uint8_t *bytes, uint32_t count);
bool store_record(uint32_t label);

/// Takes the last example out, or changes its label. Returns false on failure.
bool store_undo(void);
bool store_relabel(uint32_t label);

/// The newest models that the log names, at most one in each place. Returns how many.
uint32_t store_models(store_model models[2]);

/// Says in the log that the model in `place` is whole. Returns false on failure.
bool store_switch(uint32_t place, uint32_t crc, uint32_t settings);

/// Writes one block of a model.
bool store_write(uint32_t block, const uint8_t bytes[CARD_BLOCK]);

#endif
