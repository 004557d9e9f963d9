/// One training on all ranks: costs, progress, checkpoints, and why it ended early.
#ifndef TRAINING_H
#define TRAINING_H

#include "checkpoint_file.h"
#include "evaluation.h"
#include "example_weights.h"
#include "ranks.h"
#include "shared_slices.h"

typedef struct cost {
    uint32_t iteration;
    double cost, held_out;
} cost;

/// Seconds of the phases, as --json names them.
typedef struct phase_seconds {
    double load, setup, loop, finish, total;
} phase_seconds;

typedef struct training {
    const options *options;
    nnk_job job;
    example_weights weights;
    nnk_share share; ///< of the primal
    ranks_sums sums;
    uint32_t first, count; ///< this rank's examples: the primal has the images of these alone

    size_t arena_bytes; ///< nnk_train_bytes, known before the images are read
    void *arena;
    shared_slices slices; ///< of the dual
    uint32_t begun;       ///< the iteration at which the run was resumed, or 0

    cost *costs;
    size_t cost_count, cost_room;

    phase_seconds seconds;
    double started, lap_started; ///< by the clock
} training;

/// Trains to the last iteration. Returns 0, or the exit code of a run that the user ended, or whose cost is
/// no longer finite; what is to be said is said then.
int training_run(training *t, uint32_t data_crc, checkpoint_file *checkpoint);

/// Ends a run whose parameters or cost are no longer finite: says so, and returns the exit code.
int training_end_diverged(const training *t, checkpoint_file *checkpoint);

/// Ends a phase, which began where the one before ended. --verbose shows its time.
void training_lap(training *t, double *phase, const char *format, ...) __attribute__((format(printf, 3, 4)));

/// Prints a line of the answer, or a note if a file goes to standard output.
void training_say(const options *o, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
