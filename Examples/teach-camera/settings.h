/// The settings: a text on the card, a line each, `key=value`; settings.txt has all of them.
#ifndef SETTINGS_H
#define SETTINGS_H

#include "board.h"

typedef struct settings {
    // What a model depends on:
    char names[2][NNK_CLASS_NAME_BYTES]; ///< name_a, name_b
    double rate;                         ///< learning rate
    uint32_t iterations;                 ///< after each change
    uint32_t seed;                       ///< of the initial weights
    // And the others:
    double sure_a, sure_b; ///< the answer is A below the one, B above the other, else "not sure"
    uint32_t answer_every; ///< milliseconds from one frame to the next
    uint32_t crc;          ///< of what a model depends on
} settings;

/// Reads the settings. A line that is wrong is named on the console, and the default is used. Returns NULL,
/// or what is wrong with the card.
const char *settings_read(settings *result);

#endif
