/// The loop of nnk_dual_wide on two threads, each with half of the examples: the first eight of every 16, or
/// the other eight. So each has eight whole lanes of every sum over examples, and such a sum ends with the
/// one's eight lanes plus the other's. In an iteration the two exchange these sums and the deltas that are
/// not zero, and nothing else.
#ifndef NNK_PAIR_H
#define NNK_PAIR_H

#include "trainer.h"

#pragma GCC visibility push(hidden) // not for users of a shared library

enum {
    NNK_HALF = NNK_LANES / 2,
    NNK_LEAST_ROW = 4096, ///< bytes of all examples' numbers of one unit, from which on phases are shared
};

/// What a half tells the other in an iteration, in one piece of memory.
typedef struct nnk_letter {
    uint8_t *sums;   ///< reals: its part of the gradient, in the order of the parameters from b1 on
    uint16_t *masks; ///< for each unit and each 16 columns: which of their deltas are not zero
    uint8_t *values; ///< reals: these deltas times dual_update's scale, unit by unit
    size_t count;    ///< of the values
    int32_t finite;  ///< whether the logits were
} nnk_letter;

/// Both halves' deltas that are not zero, unit by unit, in ascending order of the examples.
typedef struct nnk_delta_list {
    uint8_t *values; ///< reals
    uint32_t *rows;  ///< where a delta's row of G begins in a block of columns
    uint32_t *ends;  ///< for each unit and each group of examples that update takes at a time
} nnk_delta_list;

/// What vector arithmetics have for it. The columns of activations are a half's examples and, up to a
/// multiple of 16, zeros.
typedef struct nnk_pair_kernels {
    /// hidden_step for all units of the layer below, with the weights left as they are: sums (outputs,
    /// inputs) = the half's part of dZ A^T.
    void (*step)(void *a, void *sums, const void *w, const void *dz, nnk_shape shape);

    /// sums (outputs) = the half's part of the sums of dZ's columns
    void (*bias_sums)(void *sums, const void *dz, nnk_shape shape);

    /// Writes masks, values and count.   dz (outputs, examples)
    void (*list)(nnk_letter *letter, const void *dz, double scale, nnk_shape shape);

    /// Brings what a letter had in it, or has, into this processor's cache: to write it, or to read it.
    void (*reserve)(const nnk_letter *letter);
    void (*fetch)(const nnk_letter *letter);

    /// p -= step (first + second)
    void (*descend)(void *p, const void *first, const void *second, double step, size_t count);

    /// D += dZ, P += both halves' deltas times G: dual_update.
    ///   gram: the half's columns, wide, a row for each of all `examples`; list: scratch
    void (*update)(void *p, void *d, const void *dz, const nnk_letter *letter_0, const nnk_letter *letter_1,
                   const nnk_delta_list *list, const void *gram, size_t examples, nnk_shape shape);
} nnk_pair_kernels;

/// Whether a job's loop is of the kind that a pair does faster: one thread's iteration takes microseconds.
int32_t nnk_pair_fits(const nnk_job *job);

/// Bytes of memory for both; 0 if it does not fit.
size_t nnk_pair_bytes(const nnk_job *job);

/// Iterations that a pair can do next, up to the next cost.
uint32_t nnk_pair_iterations(const nnk_job *job, const nnk_trainer *t);

/// A half's progress. Half 0 waits for half 1 to begin, but not for long: then LATE is set, and it need not.
enum { NNK_HALF_LATE = -1, NNK_HALF_COPYING = 1, NNK_HALF_COPIED = 2 };

/// What belongs to a half. Reals but for the labels.
typedef struct nnk_pair_half {
    uint8_t *parameters;  ///< from b1 on
    uint8_t *logits;      ///< its columns of P (units of layer 1, columns)
    uint8_t *deltas;      ///< of D
    uint8_t *activations; ///< (units, columns) of all layers
    uint8_t *gram;        ///< of G: blocks of 16 columns, in each a row for every example
    uint8_t *labels;
    nnk_delta_list list;
    nnk_letter letters[2]; ///< by turns: it may be one iteration ahead of who reads them
    uint8_t line_0[64];    // what follows is what the other looks at while it waits
    int32_t progress;      ///< COPYING from the arena, COPIED, and 1 more for each letter; LATE half 1 may be
    uint8_t line_1[64];
} nnk_pair_half;

typedef struct nnk_pair {
    nnk_pair_half half[2];
    uint32_t abandoned;
} nnk_pair;

/// In memory of nnk_pair_bytes, aligned to 8 bytes.
nnk_pair *nnk_pair_carve(const nnk_job *job, void *memory);

/// Both threads call it, with half 0 and 1: `iterations` of the loop, 1 or more. NNK_E_STATE if one kept the
/// other waiting, or if logits were not finite, which nnk_train_run will find again: the arena then is as it
/// was, and neither looks at it any more.
nnk_status nnk_pair_run(nnk_pair *pair, const nnk_job *job, const arena *a, size_t half, int32_t iterations);

/// A turn of waiting.
static inline void nnk_pause(void) {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("isb"); // longer than yield, which most processors ignore
#else
    for (int32_t i = 0; i < 16; i++) __asm__ volatile("" ::: "memory"); // as long as those, about
#endif
}

#pragma GCC visibility pop

#endif
