#include "training.h"

#include "clock.h"
#include "console.h"
#include "interrupt.h"
#include "memory.h"
#include "method_choice.h"
#include "model_file.h"
#include "number_text.h"
#include "progress.h"
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_dual(const training *t) { return t->job.method == &nnk_dual_wide; }

static nnk_progress progress_of(const training *t) {
    nnk_progress now = {0};
    nnk_train_progress(&t->job, t->arena, &now);
    return now;
}

// ---- What the user sees -----------------------------------------------------------------------------------

void training_lap(training *t, double *phase, const char *format, ...) {
    char work[200];
    const double now = clock_seconds();
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(work, sizeof work, format, arguments);
    va_end(arguments);
    *phase = now - t->lap_started;
    t->seconds.total = now - t->started;
    t->lap_started = now;
    console_detail(t->options, "%s: %.3f s", work, *phase);
}

static bool is_piped(const options *o) {
    return (o->output && output_is_stdout(o->output)) || (o->log_csv && output_is_stdout(o->log_csv));
}

void training_say(const options *o, const char *format, ...) {
    char line[1000]; // two costs and more
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (is_piped(o))
        console_note(o, "%s", line);
    else
        console_answer("%s", line);
}

enum { COST_TEXT_BYTES = 320 }; ///< room for the 309 digits of the largest double, a point and six more

/// The seed document shows six digits for the deep network and all for the two-layer one.
static const char *cost_text(const training *t, double value, char text[COST_TEXT_BYTES]) {
    if (t->options->topology != TOPOLOGY_DEEP) return number_text(value, text);
    snprintf(text, COST_TEXT_BYTES, "%.6f", value);
    return text;
}

static void add_cost(training *t) {
    char text[COST_TEXT_BYTES], held_out[COST_TEXT_BYTES];
    const nnk_progress now = progress_of(t);
    if (t->cost_count == t->cost_room) {
        t->cost_room = 2 * t->cost_room + 64;
        cost *costs = memory_of(t->cost_room * sizeof *costs);
        if (t->cost_count) memcpy(costs, t->costs, t->cost_count * sizeof *costs);
        free(t->costs);
        t->costs = costs;
    }
    t->costs[t->cost_count++] = (cost){now.cost_iteration, now.cost, now.held_out_cost};
    if (t->options->json) return;
    const bool has_held_out = t->weights.held_out > 0;
    training_say(t->options, "Cost after iteration %" PRIu32 ": %s%s%s", now.cost_iteration,
                 cost_text(t, now.cost, text), has_held_out ? ", held out: " : "",
                 has_held_out ? cost_text(t, now.held_out_cost, held_out) : "");
}

/// What is trained, by which method, and why by this one.
static void describe(const training *t) {
    char images[64], sizes[64], reason[100];
    console_note(t->options, "training a %s network in %s on %s with %zu bytes of memory; method: %s (%s)",
                 topology_text(t->job.topology, sizes), options_precision_name(t->options),
                 counted(t->job.examples, "image", images), t->arena_bytes, is_dual(t) ? "dual" : "primal",
                 method_reason(t->options, &t->job, reason));
    if (t->options->fast_reduce && !is_dual(t))
        console_note(t->options,
                     "--fast-reduce: the last bits of the model may depend on the number of ranks");
}

// ---- Ends -------------------------------------------------------------------------------------------------

/// Training is repeatable to the bit, so a run of one iteration less ends with the last finite weights. The
/// first cost is that of the start, before any step.
int training_end_diverged(const training *t, checkpoint_file *checkpoint) {
    const uint32_t iteration = progress_of(t).iteration;
    char rate[NUMBER_TEXT_BYTES], advice[100] = "";
    checkpoint_remove_if_of_no_use(checkpoint);
    if (iteration == 0 && t->options->from) {
        console_error("%s: expected usable weights, got some with which predictions overflow",
                      t->options->from);
        return EXIT_BAD_DATA;
    }
    if (iteration > 1)
        snprintf(advice, sizeof advice, ", or stop before, at finite weights, with --iterations %" PRIu32,
                 iteration - 1);
    console_error("the cost is no longer finite after iteration %" PRIu32
                  "; try a --learning-rate below %s%s",
                  iteration, number_text(t->options->learning_rate.at[0], rate), advice);
    return EXIT_BAD_DATA;
}

static int end_interrupted(training *t, checkpoint_file *checkpoint) {
    char iterations[64];
    if (!checkpoint_save_last(checkpoint, &t->job, t->arena)) return training_end_diverged(t, checkpoint);
    console_error("interrupted after %" PRIu32 " of %s; %s was not written%s", progress_of(t).iteration,
                  counted(t->job.iterations, "iteration", iterations), model_path(t->options),
                  t->options->checkpoint ? "; to continue, repeat the command with --resume" : "");
    return EXIT_INTERRUPTED;
}

// ---- Turns ------------------------------------------------------------------------------------------------

/// What all ranks do after a turn: bits that rank 0 sets, or that any of them does.
typedef struct control {
    uint32_t work; ///< of the next turn
    uint8_t saves, stops;
} control;

/// A turn ends where all ranks are at the same place, and takes a part of a second if it can. With the primal
/// it ends where an iteration begins, as ranks have different slices, or where all is done: checkpoints are
/// saved only there. The last iteration is followed by phases of the loop that are no iterations.
static nnk_status take_turn(training *t, uint32_t work) {
    const nnk_progress begin = progress_of(t);
    nnk_progress now = begin;
    nnk_status status = NNK_MORE;
    for (uint32_t done = 0; status > 0 && now.stage == begin.stage;) {
        const bool is_after_last = now.iteration == t->job.iterations;
        if (is_dual(t) ? done >= work : now.iteration - begin.iteration >= work && !is_after_last) break;
        if (is_dual(t)) {
            status = shared_slices_take(&t->slices, work - done);
            done += t->slices.taken;
        } else {
            ranks_poll();
            status = nnk_train_step(&t->job, t->arena);
        }
        if (status == NNK_COST) add_cost(t);
        now = progress_of(t);
    }
    return status;
}

/// How much to do in the next turn, of a turn that took so many seconds.
static uint32_t next_work(uint32_t work, double seconds) {
    if (seconds > 0.2) return work / 2 + (work == 1);
    return seconds < 0.05 && work < 1u << 30 ? 2 * work : work;
}

static control agree(const checkpoint_file *checkpoint, uint32_t work, double seconds) {
    control c;
    memset(&c, 0, sizeof c);
    if (ranks_rank() == 0) {
        c.work = next_work(work, seconds);
        c.saves = checkpoint_is_due(checkpoint);
    }
    c.stops = interrupt_is_requested();
    ranks_or(&c, sizeof c);
    return c;
}

static int end(training *t, checkpoint_file *checkpoint, nnk_status status) {
    char iterations[64];
    if (status == NNK_OK) {
        training_lap(t, &t->seconds.loop, "%s", counted(t->job.iterations, "iteration", iterations));
        return 0;
    }
    if (status == NNK_E_DIVERGED) return training_end_diverged(t, checkpoint);
    checkpoint_remove_if_of_no_use(checkpoint);
    ranks_fail(EXIT_INTERNAL, "%s", nnk_status_text(status));
}

static int run_turns(training *t, checkpoint_file *checkpoint) {
    progress shown = progress_begin(t->options, t->job.iterations, "iterations");
    bool is_setting_up = true;
    control c = {.work = 1};
    while (true) {
        const double start = clock_seconds();
        const nnk_status status = take_turn(t, c.work);
        const nnk_progress now = progress_of(t);
        if (is_setting_up && now.stage != NNK_SETUP) {
            is_setting_up = false;
            training_lap(t, &t->seconds.setup, "setting up");
            if (!is_dual(t)) checkpoint_begin(checkpoint, &t->job, t->arena);
        }
        if (status <= 0) return end(t, checkpoint, status);
        progress_update(&shown, now.iteration);
        c = agree(checkpoint, c.work, clock_seconds() - start);
        if (c.stops || c.saves) shared_slices_join(&t->slices);
        if (c.stops) return end_interrupted(t, checkpoint);
        if (c.saves) checkpoint_save(checkpoint, &t->job, t->arena);
    }
}

int training_run(training *t, uint32_t data_crc, checkpoint_file *checkpoint) {
    t->arena = memory_of(t->arena_bytes);
    t->slices = (shared_slices){.job = &t->job, .arena = t->arena};
    if (is_dual(t)) t->slices.scratch = memory_of(nnk_train_scratch_bytes(&t->job));
    if (t->options->resume) {
        checkpoint_load(checkpoint, &t->job, t->arena, t->arena_bytes, data_crc);
    } else {
        const nnk_status status = nnk_train_begin(&t->job, t->arena, t->arena_bytes);
        if (status != NNK_OK) ranks_fail(EXIT_INTERNAL, "%s", nnk_status_text(status));
    }
    t->begun = progress_of(t).iteration;
    describe(t);
    if (is_dual(t)) checkpoint_begin(checkpoint, &t->job, t->arena);
    const int exit_code = run_turns(t, checkpoint);
    free(t->slices.scratch);
    return exit_code;
}
