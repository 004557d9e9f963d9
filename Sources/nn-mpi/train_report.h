/// What train says at its end, as nn-cli does.
#ifndef TRAIN_REPORT_H
#define TRAIN_REPORT_H

#include "memory.h"
#include "training.h"

/// What is suspicious, as --json names it.
typedef enum warning {
    WARNING_ONE_CLASS,
    WARNING_CONSTANT_OUTPUT,
    WARNING_NO_BETTER_THAN_GUESSING,
    WARNING_LEARNING_RATE_TOO_HIGH,
    WARNINGS
} warning;

typedef struct warnings {
    bool has[WARNINGS];
} warnings;

/// Says what the data set alone shows.
void warn_of_data(const training *t, warnings *w);

/// Says what the answers for the training images show: a network that has learned nothing.
void warn_of_model(const training *t, const nnk_model *model, const evaluation *e, warnings *w);

/// The answer as text, or as one JSON object.
void report_text(const training *t, const nnk_model *model, const evaluation *e);
void report_json(const training *t, const nnk_model *model, const memory_file *file, const evaluation *e,
                 const warnings *w);

/// The costs as a table.
memory_file report_csv(const training *t);

#endif
