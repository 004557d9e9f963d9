/// Numbers that rank 0 hands out one at a time: a rank that is done sooner gets more of them.
#ifndef HAND_OUT_H
#define HAND_OUT_H

#include <stdbool.h>
#include <stdint.h>

typedef struct hand_out hand_out;

/// Begins to hand out 0 ... count - 1. All ranks call it.
hand_out *hand_out_begin(uint32_t count);

/// The next number, and so the last one is done. Returns false if there is none: then it is not called again.
bool hand_out_take(hand_out *h, uint32_t *number);

/// Answers the ranks that ask. Rank 0 calls it between slices of work; on other ranks it does nothing.
void hand_out_serve(hand_out *h);

/// How many numbers are done, as rank 0 knows.
uint32_t hand_out_done(const hand_out *h);

/// Waits until every rank knows that there is no number left, and frees the memory.
void hand_out_end(hand_out *h);

#endif
