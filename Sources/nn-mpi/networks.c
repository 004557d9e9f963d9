#include "networks.h"

#include "clock.h"
#include "console.h"
#include "hand_out.h"
#include "interrupt.h"
#include "memory.h"
#include "ranks.h"
#include "waiting.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    SLICES_AT_ONCE = 16, ///< between two looks at the clock
};

/// From one answer to other ranks to the next.
static const double slice_seconds = 0.003;

/// What a rank needs for its networks.
typedef struct seat {
    const nnk_validation *v;
    double *logits;
    void *arena, *scratch;
    size_t arena_bytes;
    hand_out *numbers;
    progress *bar;
} seat;

/// Rank 0 alone knows how far all are.
static _Noreturn void stop(const seat *s) {
    if (ranks_rank() != 0) ranks_fail(EXIT_INTERRUPTED, "interrupted");
    ranks_fail(EXIT_INTERRUPTED, "interrupted after %" PRIu32 " of %" PRIu32 " networks",
               hand_out_done(s->numbers), nnk_validation_networks(s->v));
}

/// Between two slices. running: the share of this rank's network that is done
static void look_around(const seat *s, double running) {
    ranks_poll();
    hand_out_serve(s->numbers);
    if (interrupt_is_requested()) stop(s);
    if (ranks_rank() != 0) return;
    const double done = hand_out_done(s->numbers) + running;
    progress_update(s->bar, (uint64_t)(100 * done / nnk_validation_networks(s->v)));
}

/// Trains for some milliseconds, or until there is a cost or an error.
static nnk_status take_slices(const seat *s, const nnk_job *job) {
    const double end = clock_seconds() + slice_seconds;
    nnk_status status;
    do {
        status = nnk_train_run(job, s->arena, SLICES_AT_ONCE);
    } while (status == NNK_MORE && clock_seconds() < end);
    return status;
}

/// Trains until the last held-out logits are there.
static nnk_status train(const seat *s, const nnk_job *job) {
    const uint32_t iterations = s->v->job.iterations;
    nnk_progress now = {0};
    nnk_status status = nnk_train_begin(job, s->arena, s->arena_bytes);
    while (status >= 0 && now.cost_iteration < iterations) {
        status = take_slices(s, job);
        nnk_train_progress(job, s->arena, &now);
        look_around(s, (double)now.iteration / iterations);
    }
    return status;
}

/// Trains a network and stores its held-out logits. The validation is valid, so only the processor can fail.
static void make_network(const seat *s, uint32_t network) {
    nnk_job job;
    nnk_status status = nnk_validation_begin(s->v, network, s->scratch, &job);
    if (status == NNK_OK) status = train(s, &job);
    if (status < 0 && status != NNK_E_DIVERGED) ranks_fail(EXIT_INTERNAL, "%s", nnk_status_text(status));
    nnk_validation_store(s->v, network, s->scratch, status == NNK_E_DIVERGED, s->logits);
}

void networks_train(const nnk_validation *v, double *logits, progress *bar) {
    seat s = {.v = v, .logits = logits, .bar = bar, .arena_bytes = nnk_validation_arena_bytes(v)};
    const uint32_t networks = nnk_validation_networks(v);
    s.arena = memory_of(s.arena_bytes);
    s.scratch = memory_of(nnk_validation_scratch_bytes(v));
    s.numbers = hand_out_begin(networks);
    memset(logits, 0, nnk_validation_bytes(v));
    for (uint32_t network; hand_out_take(s.numbers, &network);) make_network(&s, network);
    for (unsigned turn = 0; ranks_rank() == 0 && hand_out_done(s.numbers) < networks; turn++) {
        look_around(&s, 0);
        ranks_wait(turn);
    }
    hand_out_end(s.numbers);
    // No two ranks have written the same places, and the others are zeros.
    ranks_or(logits, nnk_validation_bytes(v));
    free(s.arena);
    free(s.scratch);
}
