/// The table of options: what each takes, where it goes, and what help says of it.
#ifndef OPTION_TABLE_H
#define OPTION_TABLE_H

#include "options.h"
#include <stddef.h>

typedef enum option_kind { OPTION_FLAG, OPTION_NAME, OPTION_TEXT, OPTION_COUNT, OPTION_REAL } option_kind;

typedef struct option_row {
    const char *name;
    const char *letter; ///< "-o"; NULL: none
    uint8_t commands;   ///< a bit for each command that takes it
    option_kind kind;
    enum { HOLDS_UINT32, HOLDS_DOUBLE, HOLDS_VALUES } holds; ///< what a number is stored as
    bool takes_several;
    size_t at;                   ///< in options
    const char *value;           ///< as help calls it: "n"
    const char *const *names;    ///< what it may be; NULL: anything
    double low, high;            ///< of a number
    const char *expected;        ///< of a number out of this range; NULL: it is called invalid
    const char *help, *standard; ///< standard: the default as help shows it; NULL: none
} option_row;

/// The options, in the order of help. The last one has no name.
extern const option_row option_table[];

extern const char *const option_topologies[], *const option_precisions[], *const option_methods[];

/// NULL if the command has no such option.
const option_row *option_named(command_id command, const char *word, size_t length);

/// The name of an option of the command that is spelled nearly like the word; NULL: none.
const char *option_near(command_id command, const char *word, size_t length);

#endif
