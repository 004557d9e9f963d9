/// The loop of the dual in a pair gives the bytes that it gives alone; also where the helper comes to a halt,
/// and where the cost is no longer finite. With -DTHREADS_ALONE=1, for the thread sanitizer, on less.
#include "jobs.h"
#include "nnkernel/team.h"
#include "trainer.h"

#include <pthread.h>
#include <sched.h>
#include <unistd.h>

#ifndef THREADS_ALONE
#define THREADS_ALONE 0
#endif

/// A pair whose two threads are seen whenever they come to the loss, the last step of every forward pass.
static struct {
    nnk_team team;
    const nnk_arithmetic *kernels; // the team's are these, but for logit_backward
    pthread_t leader;
    uint32_t led, followed; // passes of the leader, alone or not, and of the helper
    uint32_t together;      // of the helper, in all
    uint32_t halt;          // the helper's pass in which it stays until the leader has done `halted_for` more
    uint32_t halted_for;
    uint32_t halted; // 1 if it has done them
} seen;

/// A pair comes about only where two threads run at the same time, which on a busy machine may take some
/// tries.
enum { TRIES = 300 };

/// There, none can: said, and not checked.
static int has_one_processor(void) {
    const int one = sysconf(_SC_NPROCESSORS_ONLN) < 2;
    if (one) printf("one processor: there was no pair to look at\n");
    return one;
}

static uint32_t count_of(const uint32_t *counter) { return __atomic_load_n(counter, __ATOMIC_ACQUIRE); }

/// Waits for a helper as no user would: so that there is a pair whenever there can be one.
static void wait_until_claimed(void) {
    for (uint32_t i = 0; i < 1000000 && count_of(&seen.team.left) > 0; i++) sched_yield();
}

static int32_t seen_loss(void *z, const uint8_t *y, size_t examples) {
    if (pthread_equal(pthread_self(), seen.leader)) {
        __atomic_fetch_add(&seen.led, 1, __ATOMIC_ACQ_REL);
        wait_until_claimed();
    } else if (__atomic_add_fetch(&seen.followed, 1, __ATOMIC_ACQ_REL) == seen.halt) {
        // Not for ever: in the last pass of a stretch the leader does wait for it.
        const uint32_t goal = count_of(&seen.led) + seen.halted_for;
        for (uint32_t i = 0; i < 1000000 && count_of(&seen.led) < goal; i++) sched_yield();
        __atomic_store_n(&seen.halted, count_of(&seen.led) >= goal, __ATOMIC_RELEASE);
    }
    return seen.kernels->logit_backward(z, y, examples);
}

static void *help(void *scratch) {
    while (nnk_team_help(&seen.team, scratch) > 0) sched_yield();
    return NULL;
}

/// Trains with a helper, in calls of so many slices. The arena in the end, and the last status.
static void *train_in_pair(nnk_job job, uint32_t slices, nnk_status *status) {
    nnk_arithmetic kernels = *job.arithmetic;
    const size_t bytes = nnk_train_bytes(&job), scratch_bytes = nnk_train_scratch_bytes(&job);
    void *memory = room_for(bytes), *scratch = room_for(scratch_bytes);
    pthread_t helper;
    memset(scratch, 0xff, scratch_bytes); // not a number
    seen.team = (nnk_team){.threads = 2};
    seen.kernels = job.arithmetic;
    seen.leader = pthread_self();
    seen.led = seen.followed = seen.halted = 0;
    kernels.logit_backward = seen_loss;
    job.arithmetic = &kernels;
    CHECK_EQUAL(nnk_train_begin(&job, memory, bytes), NNK_OK);
    CHECK_EQUAL(pthread_create(&helper, NULL, help, scratch), 0);
    do *status = nnk_team_run(&seen.team, &job, memory, slices);
    while (*status > 0);
    nnk_team_dismiss(&seen.team);
    CHECK_EQUAL(pthread_join(helper, NULL), 0);
    free(scratch);
    return memory;
}

/// Alone, and in a pair. Two arenas are the same but for scratch, which is their end.
static void test_same_arena(const nnk_topology *t, const nnk_arithmetic *k, uint32_t m, uint32_t slices) {
    data d = random_data(t, m);
    nnk_job job = job_of(t, k, &d, 50);
    job.method = &nnk_dual_wide;
    job.initializer = NNK_INIT_DEEP;
    job.cost_every = 20;
    job.learning_rate = 0.05;
    const size_t bytes = nnk_train_bytes(&job);
    void *want = room_for(bytes);
    CHECK_EQUAL(nnk_train_begin(&job, want, bytes), NNK_OK);
    CHECK_EQUAL(steps(&job, want), NNK_OK);
    nnk_status status;
    void *got = train_in_pair(job, slices, &status);
    CHECK_EQUAL(status, NNK_OK);
    seen.together += seen.followed;
    const arena parts = nnk_carve(&job, want);
    CHECK_SAME(got, want, (size_t)(parts.gram - (uint8_t *)want));
    free(want);
    free(got);
    release_data(d);
}

static const nnk_topology deep = {4, {300, 20, 7, 5, 1}}, shallow = {2, {193, 9, 1}};

static void test_sizes(const nnk_arithmetic *k) {
    seen.together = 0;
    static const uint32_t sizes[] = {1,  2,  7,   8,   9,   15,  16,  17,  24, 25,
                                     32, 33, 111, 112, 113, 128, 209, 240, 511};
    for (size_t i = 0; i < (THREADS_ALONE ? 4 : sizeof sizes / sizeof sizes[0]); i++) {
        test_same_arena(&deep, k, sizes[i], 1000);
        test_same_arena(&shallow, k, sizes[i], 30);
    }
    for (uint32_t i = 0; i < TRIES && seen.together == 0; i++) test_same_arena(&deep, k, 209, 1000);
    if (seen.together == 0 && has_one_processor()) return;
    CHECK(seen.together > 0);
}

/// The helper loses its processor in the middle of an iteration, for a long time: the leader does without it.
/// Returns whether that came about.
static int is_halted(const nnk_job *job, const file *want, uint32_t pass) {
    file got = new_file(job);
    nnk_status status;
    seen.halt = pass;
    seen.halted_for = 6;
    void *memory = train_in_pair(*job, 1000, &status);
    seen.halt = 0;
    CHECK_EQUAL(status, NNK_OK);
    CHECK(!seen.halted || seen.team.stalls > 0);
    CHECK_EQUAL(finish(job, memory, &got), NNK_OK);
    CHECK_SAME_FILE(got, *want);
    free(got.bytes);
    free(memory);
    return seen.halted != 0;
}

static void test_halt(const nnk_arithmetic *k, uint32_t pass) {
    data d = random_data(&deep, 40);
    nnk_job job = job_of(&deep, k, &d, 200);
    job.method = &nnk_dual_wide;
    job.cost_every = 0;
    job.learning_rate = 0.05;
    file want = train(&job);
    int came_about = 0;
    for (uint32_t i = 0; i < TRIES && !came_about; i++) came_about = is_halted(&job, &want, pass);
    if (came_about || !has_one_processor()) CHECK(came_about);
    free(want.bytes);
    release_data(d);
}

/// A run that diverges ends where it ends alone. Returns the iteration, 0 if it does not.
static uint32_t diverging_iteration(nnk_job job) {
    const size_t bytes = nnk_train_bytes(&job);
    nnk_trainer *want = room_for(bytes);
    CHECK_EQUAL(nnk_train_begin(&job, want, bytes), NNK_OK);
    const nnk_status alone = steps(&job, want);
    const uint32_t iteration = alone == NNK_OK ? 0 : want->iteration;
    nnk_status status;
    nnk_trainer *got = train_in_pair(job, 1000, &status);
    CHECK_EQUAL(status, alone);
    CHECK_EQUAL(got->iteration, want->iteration);
    const arena wanted = nnk_carve(&job, want), found = nnk_carve(&job, got);
    CHECK_SAME(found.parameters, wanted.parameters, (size_t)(wanted.activations - wanted.parameters));
    CHECK_SAME(found.logits, wanted.logits, (size_t)(wanted.gram - wanted.logits)); // and D
    free(want);
    free(got);
    return iteration;
}

static void test_divergence(const nnk_arithmetic *k) {
    const double least = k->dtype == NNK_F32 ? 1e9 : 1e30, most = k->dtype == NNK_F32 ? 1e13 : 1e60;
    uint32_t latest = 0;
    for (uint32_t set = 0; set < (THREADS_ALONE ? 1 : 20) && latest < 2;
         set++) { // the second at the earliest is a pair's
        data d = random_data(&deep, 40);
        nnk_job job = job_of(&deep, k, &d, 50);
        job.method = &nnk_dual_wide;
        job.cost_every = 0;
        for (job.learning_rate = least; job.learning_rate < most; job.learning_rate *= 10) {
            const uint32_t iteration = diverging_iteration(job);
            if (iteration > latest) latest = iteration;
        }
        release_data(d);
    }
    if (!THREADS_ALONE) CHECK(latest > 1);
}

int main(void) {
    if (!nnk_fastest(NNK_F64)->pair) printf("no vectors from this compiler, so no pairs\n");
    FOR_EACH_TYPE(type) FOR_EACH_ARITHMETIC(k, type) {
        if (!k->pair) continue; // the scalar definition
        test_sizes(k);
        test_halt(k, 1);
        test_halt(k, 7);
        test_divergence(k);
    }
    return check_end();
}
