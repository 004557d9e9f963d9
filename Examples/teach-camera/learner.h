/// Trains between the frames, writes models, and keeps the newest whole one.
#ifndef LEARNER_H
#define LEARNER_H

#include "settings.h"

/// Opens the newest whole model on the card, and trains if anything changed since.
void learner_begin(const settings *s);

/// The last example is new; example `example` was taken out; the last example has another label.
void learner_added(void);
void learner_removed(uint32_t example);
void learner_relabelled(void);

/// Takes one slice of work. Returns false if there is nothing to do.
bool learner_step(void);

/// Tries again what failed because of the card.
void learner_retry(void);

/// The newest whole model, which is read from the card; NULL while there is none.
const nnk_model *learner_model(void);

/// How far the training is; zeros while there is none.
nnk_progress learner_progress(void);

#endif
