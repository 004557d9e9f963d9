/// What a training takes, phase by phase: time, the longest slice, and bytes of images that were read. Built
/// with `make PROFILE=1`; otherwise these functions do nothing. scripts/boards.sh makes its counts of it.
#ifndef PROFILE_H
#define PROFILE_H

#include "card.h"

#if PROFILE
/// A slice of training begins, or has ended. `arena` has the phase of the next one.
void profile_begin(void);
void profile_slice(const void *arena);

/// The function card_image, with its bytes counted.
nnk_status profile_image(void *context, uint32_t example, uint32_t offset, uint32_t count, uint8_t *out);

/// Prints a line for each phase.
void profile_print(void);
#else
#define profile_image card_image
static inline void profile_begin(void) {}
static inline void profile_slice(const void *arena) { (void)arena; }
static inline void profile_print(void) {}
#endif

#endif
