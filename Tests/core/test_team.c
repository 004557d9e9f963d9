/// A team gives the same bytes as one thread, however many threads help, and whenever they come.
#include "jobs.h"
#include "nnkernel/team.h"

#include <pthread.h>
#include <sched.h>

#ifndef THREADS_ALONE // for the thread sanitizer, which takes a share of the rounds
#define THREADS_ALONE 0
#endif

enum { HELPERS = 3 };

static const nnk_topology deep = {3, {400, 6, 4, 1}}, shallow = {2, {193, 5, 1}}, single = {1, {600, 1}};

typedef struct helper {
    nnk_team *team;
    void *scratch;
    pthread_t thread;
} helper;

static void *help(void *context) {
    const helper *h = context;
    while (nnk_team_help(h->team, h->scratch) > 0) sched_yield();
    return NULL;
}

static helper new_helper(nnk_team *team, const nnk_job *job) {
    const size_t bytes = nnk_train_scratch_bytes(job);
    helper h = {.team = team, .scratch = room_for(bytes)};
    memset(h.scratch, 0xff, bytes); // not a number
    return h;
}

/// Trains in a team. Helpers come after `calls` calls of nnk_team_run, each of up to `slices` slices.
static file train_in_team(const nnk_job *job, uint32_t threads, uint32_t calls, uint32_t slices) {
    const size_t bytes = nnk_train_bytes(job);
    void *arena = room_for(bytes);
    nnk_team team = {.threads = threads};
    helper helpers[HELPERS];
    file f = new_file(job);
    for (uint32_t i = 0; i + 1 < threads; i++) helpers[i] = new_helper(&team, job);
    memset(arena, 0xa5, bytes);
    CHECK_EQUAL(nnk_train_begin(job, arena, bytes), NNK_OK);
    nnk_status status = NNK_MORE;
    uint32_t called = 0;
    for (; status > 0; called++) {
        for (uint32_t i = 0; called == calls && i + 1 < threads; i++)
            CHECK_EQUAL(pthread_create(&helpers[i].thread, NULL, help, &helpers[i]), 0);
        status = nnk_team_run(&team, job, arena, slices);
    }
    CHECK_EQUAL(status, NNK_OK);
    nnk_team_dismiss(&team);
    for (uint32_t i = 0; i + 1 < threads; i++) {
        if (called > calls) CHECK_EQUAL(pthread_join(helpers[i].thread, NULL), 0);
        free(helpers[i].scratch);
    }
    CHECK_EQUAL(finish(job, arena, &f), NNK_OK);
    free(arena);
    return f;
}

/// Trains with helpers that come at once, later and never.
static void test_same_bytes(const nnk_topology *t, int32_t type, int32_t method, uint32_t m,
                            uint32_t shards) {
    data d = random_data(t, m);
    nnk_job job = job_of(t, nnk_fastest(type), &d, 3);
    job.method = methods[method];
    job.shards = shards;
    job.initializer = NNK_INIT_DEEP;
    file want = train(&job);
    for (uint32_t threads = 1; threads <= 1 + HELPERS; threads++)
        for (uint32_t way = 0; way < 3; way++) {
            if (THREADS_ALONE &&
                !check_takes(((m * 4 + (uint32_t)type) * 4 + (uint32_t)method) * 16 + threads * 3 + way))
                continue;
            const uint32_t calls = way == 2 ? UINT32_MAX : way; // at once, later, never
            file got = train_in_team(&job, threads, calls, way == 0 ? 1000 : 2);
            CHECK_SAME_FILE(got, want);
            free(got.bytes);
        }
    free(want.bytes);
    release_data(d);
}

/// Images from a callback are read one after the other, whatever the team.
static void test_callback(int32_t type, int32_t method) {
    data d = random_data(&shallow, 40);
    nnk_job job = job_of(&shallow, nnk_fastest(type), &d, 2);
    job.method = methods[method];
    file want = train(&job);
    job.images = read_in(&d);
    file got = train_in_team(&job, 2, 0, 5);
    CHECK_SAME_FILE(got, want);
    free(want.bytes);
    free(got.bytes);
    release_data(d);
}

static void test_statuses(void) {
    data d = random_data(&shallow, 20);
    nnk_job job = job_of(&shallow, &nnk_f32, &d, 2);
    job.method = &nnk_dual_wide;
    const size_t bytes = nnk_train_bytes(&job);
    void *arena = room_for(bytes);
    memset(arena, 0xff, bytes);
    nnk_team team = {.threads = 2};
    helper h = new_helper(&team, &job);
    CHECK_EQUAL(nnk_team_run(&team, &job, arena, 1), NNK_E_STATE); // not begun
    CHECK_EQUAL(nnk_team_help(&team, h.scratch), NNK_MORE);        // nothing to do
    CHECK_EQUAL(nnk_train_begin(&job, arena, bytes), NNK_OK);
    void *before = copy_of(arena, bytes);
    CHECK_EQUAL(nnk_team_run(&team, &job, arena, 0), NNK_MORE);
    CHECK_SAME(arena, before, bytes);
    while (nnk_team_run(&team, &job, arena, 1000) > 0) {
    }
    CHECK_EQUAL(nnk_team_run(&team, &job, arena, 1), NNK_OK); // trained
    nnk_team_dismiss(&team);
    CHECK_EQUAL(nnk_team_help(&team, h.scratch), NNK_OK);
    free(before);
    free(h.scratch);
    free(arena);
    release_data(d);
}

/// A helper that has claimed a share and gets no processor until the leader calls `yield`, like one of a
/// lower fixed priority on the same core.
static struct {
    const nnk_arithmetic *kernels; // the job's are these, but for input_forward
    pthread_t leader;
    uint32_t has_claimed, may_run, waited_in_vain;
} starved;

/// Waits for a limited time. Returns whether the flag was set.
static int has_come(const uint32_t *flag) {
    for (uint32_t i = 0; i < 1000000 && !__atomic_load_n(flag, __ATOMIC_ACQUIRE); i++) sched_yield();
    return __atomic_load_n(flag, __ATOMIC_ACQUIRE) != 0;
}

static void starved_forward(nnk_real *sum, const nnk_real *w, size_t units, nnk_patch patch, nnk_real *tile) {
    if (pthread_equal(pthread_self(), starved.leader)) {
        (void)has_come(&starved.has_claimed);
    } else {
        __atomic_store_n(&starved.has_claimed, 1, __ATOMIC_RELEASE);
        if (!has_come(&starved.may_run)) __atomic_store_n(&starved.waited_in_vain, 1, __ATOMIC_RELEASE);
    }
    starved.kernels->input_forward(sum, w, units, patch, tile);
}

static void yield(void) { __atomic_store_n(&starved.may_run, 1, __ATOMIC_RELEASE); }

/// While the leader waits for a helper, it calls `yield`.
static void test_yield(void) {
    data d = random_data(&shallow, 40);
    nnk_job job = job_of(&shallow, nnk_fastest(NNK_F64), &d, 2);
    job.method = &nnk_dual_wide;
    file want = train(&job), got = new_file(&job);
    nnk_arithmetic kernels = *job.arithmetic;
    kernels.input_forward = starved_forward;
    starved.kernels = job.arithmetic;
    starved.leader = pthread_self();
    job.arithmetic = &kernels;
    const size_t bytes = nnk_train_bytes(&job);
    void *arena = room_for(bytes);
    nnk_team team = {.threads = 2, .yield = yield};
    helper h = new_helper(&team, &job);
    CHECK_EQUAL(nnk_train_begin(&job, arena, bytes), NNK_OK);
    CHECK_EQUAL(pthread_create(&h.thread, NULL, help, &h), 0);
    while (nnk_team_run(&team, &job, arena, 1000) > 0) {
    }
    nnk_team_dismiss(&team);
    CHECK_EQUAL(pthread_join(h.thread, NULL), 0);
    CHECK(starved.has_claimed && starved.may_run && !starved.waited_in_vain);
    CHECK_EQUAL(finish(&job, arena, &got), NNK_OK);
    CHECK_SAME_FILE(got, want);
    free(h.scratch);
    free(arena);
    free(want.bytes);
    free(got.bytes);
    release_data(d);
}

/// Numbers of threads that no machine has.
static void test_many_threads(void) {
    data d = random_data(&deep, 300);
    nnk_job job = job_of(&deep, nnk_fastest(NNK_F64), &d, 2);
    job.method = &nnk_dual_wide;
    file want = train(&job);
    static const uint32_t counts[] = {1 << 16, (1 << 16) + 1, 1 << 28, UINT32_MAX};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        const size_t bytes = nnk_train_bytes(&job);
        void *arena = room_for(bytes);
        nnk_team team = {.threads = counts[i]};
        uint32_t calls = 0;
        nnk_status status = nnk_train_begin(&job, arena, bytes);
        while ((calls == 0 || status > 0) && ++calls < 1000) status = nnk_team_run(&team, &job, arena, 100);
        CHECK_EQUAL(status, NNK_OK);
        file got = new_file(&job);
        CHECK_EQUAL(finish(&job, arena, &got), NNK_OK);
        CHECK_SAME_FILE(got, want);
        free(got.bytes);
        free(arena);
    }
    free(want.bytes);
    release_data(d);
}

static int32_t stage_of(const nnk_job *job, const void *arena) {
    nnk_progress progress;
    CHECK_EQUAL(nnk_train_progress(job, arena, &progress), NNK_OK);
    return progress.stage;
}

/// Calls nnk_team_run until it ends early for another reason than that nnk_team_shares changes.
static nnk_status run_on(nnk_team *team, const nnk_job *job, void *arena) {
    const int32_t stage = stage_of(job, arena);
    nnk_status status = NNK_MORE;
    while (status == NNK_MORE && stage_of(job, arena) == stage)
        status = nnk_team_run(team, job, arena, UINT32_MAX);
    return status;
}

/// nnk_team_run ends early as nnk_train_run does: at the end of the setup, with a cost, and when it diverges.
static void test_ends_early(void) {
    data d = random_data(&shallow, 20);
    nnk_job job = job_of(&shallow, &nnk_f64, &d, 4);
    job.method = &nnk_dual_wide;
    job.cost_every = 2;
    const size_t bytes = nnk_train_bytes(&job);
    void *arena = room_for(bytes);
    nnk_team team = {.threads = 2};
    nnk_progress progress;
    CHECK_EQUAL(nnk_train_begin(&job, arena, bytes), NNK_OK);
    CHECK_EQUAL(run_on(&team, &job, arena), NNK_MORE);
    CHECK_EQUAL(nnk_train_progress(&job, arena, &progress), NNK_OK);
    CHECK(progress.stage == NNK_LOOP && progress.iteration == 0);
    for (uint32_t i = 0; i < 4; i += 2) {
        CHECK_EQUAL(run_on(&team, &job, arena), NNK_COST);
        CHECK_EQUAL(nnk_train_progress(&job, arena, &progress), NNK_OK);
        CHECK_EQUAL(progress.cost_iteration, i);
    }
    CHECK_EQUAL(run_on(&team, &job, arena), NNK_OK);
    job.learning_rate = 1e300;
    CHECK_EQUAL(nnk_train_begin(&job, arena, bytes), NNK_OK);
    nnk_status status;
    while ((status = nnk_team_run(&team, &job, arena, 3)) > 0) {
    }
    CHECK_EQUAL(status, NNK_E_DIVERGED);
    free(arena);
    release_data(d);
}

/// Compares what nnk_team_shares answers during a run, one character per change, with `want`. nnk_team_run
/// must end at each change.
static void check_shares(nnk_job job, const char *want) {
    const size_t bytes = nnk_train_bytes(&job);
    void *arena = room_for(bytes);
    nnk_team team = {.threads = 2};
    char got[64] = {0};
    memset(arena, 0xff, bytes);
    CHECK_EQUAL(nnk_team_shares(&team, &job, arena), 0); // not begun
    CHECK_EQUAL(nnk_train_begin(&job, arena, bytes), NNK_OK);
    for (size_t n = 0; n + 1 < sizeof got;) {
        const char now = nnk_team_shares(&team, &job, arena) ? '1' : '0';
        if (n == 0 || got[n - 1] != now) got[n++] = now;
        if (nnk_team_run(&team, &job, arena, UINT32_MAX) == NNK_OK) break;
    }
    CHECK(strcmp(got, want) == 0);
    CHECK_EQUAL(nnk_team_shares(&team, &job, arena), 0); // trained
    CHECK_EQUAL(nnk_team_shares(NULL, &job, arena), 0);
    team.threads = 1;
    CHECK_EQUAL(nnk_train_begin(&job, arena, bytes), NNK_OK);
    do CHECK_EQUAL(nnk_team_shares(&team, &job, arena), 0);
    while (nnk_team_run(&team, &job, arena, 1) != NNK_OK);
    free(arena);
}

/// All helpers for P and G, none for the loop, all for W1.
static void check_helpers(const data *d) {
    nnk_job job = job_of(&shallow, nnk_fastest(NNK_F64), d, 30);
    job.method = &nnk_dual_wide;
    job.cost_every = 0;
    const size_t bytes = nnk_train_bytes(&job);
    void *arena = room_for(bytes);
    nnk_team team = {.threads = 8};
    uint32_t counts[16] = {0};
    CHECK_EQUAL(nnk_train_begin(&job, arena, bytes), NNK_OK);
    do counts[nnk_team_shares(&team, &job, arena)]++;
    while (nnk_team_run(&team, &job, arena, 1) != NNK_OK);
    CHECK(counts[7] >= 3 && counts[0] >= 30 && counts[0] + counts[7] < 1000);
    for (uint32_t n = 1; n < 7; n++) CHECK_EQUAL(counts[n], 0);
    CHECK_EQUAL(nnk_team_shares(&team, &job, arena), 0);
    free(arena);
}

static void test_shares(void) {
    data few = random_data(&shallow, 20), many = random_data(&shallow, 600);
    nnk_job job = job_of(&shallow, nnk_fastest(NNK_F64), &few, 3);
    check_shares(job, "01"); // primal: not the drawing and the checksum
    job.method = &nnk_dual;
    check_shares(job, "0");
    job.method = &nnk_dual_wide;
    check_shares(job, "0101"); // P and G, W1; not the loop, whose rows are short
    job.arithmetic = &nnk_f64;
    check_shares(job, "0101");
    job = job_of(&shallow, nnk_fastest(NNK_F64), &many, 3);
    job.method = &nnk_dual_wide;
    check_shares(job, "01"); // rows of 4,800 bytes: the phases of the loop
    job.images = read_in(&many);
    check_shares(job, "0");
    check_helpers(&few);
    release_data(few);
    release_data(many);
}

int main(void) {
    FOR_EACH_TYPE(type) {
        for (int32_t method = NNK_PRIMAL; method <= NNK_DUAL_WIDE; method++) {
            test_same_bytes(&deep, type, method, 17, 0);
            test_same_bytes(&shallow, type, method, 40, 0);
            test_callback(type, method);
        }
        test_same_bytes(&single, type, NNK_PRIMAL, 40, 0);
        test_same_bytes(&deep, type, NNK_PRIMAL, 1030, 0);
        test_same_bytes(&deep, type, NNK_PRIMAL, 1030, 8);
        test_same_bytes(&deep, type, NNK_DUAL_WIDE, 1030, 0);
    }
    test_statuses();
    test_yield();
    test_ends_early();
    test_shares();
    test_many_threads();
    return check_end();
}
