/// Independent slices, done in any order, in part, and on two threads, give the bytes that nnk_train_step
/// gives.
///
/// With -DTHREADS_ALONE=1, for the thread sanitizer, only two threads are tested.
#include "jobs.h"

#ifndef THREADS_ALONE
#define THREADS_ALONE 0
#endif

// Threads and guard pages need an operating system.
#if defined(__unix__) || defined(__APPLE__)
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>
#define HAS_SYSTEM 1
#else
#define HAS_SYSTEM 0
#endif

static const nnk_topology networks[] = {
    {3, {400, 6, 4, 1}}, {2, {193, 5, 1}}, {4, {1000, 20, 7, 5, 1}}, {1, {600, 1}}};
enum { NETWORKS = sizeof networks / sizeof networks[0] };

/// A source that several threads may call at once: it counts nothing.
static nnk_status read_image(void *context, uint32_t example, uint32_t offset, uint32_t count, uint8_t *out) {
    const reader *r = context;
    memcpy(out, r->images + (size_t)example * r->size + offset, count);
    return NNK_OK;
}

static void *new_scratch(const nnk_job *job) {
    const size_t bytes = nnk_train_scratch_bytes(job);
    CHECK(bytes > 0 && bytes % 8 == 0);
    void *scratch = room_for(bytes);
    memset(scratch, 0xff, bytes); // not a number
    return scratch;
}

/// Does items 0 ... count - 1.
typedef void doing(const nnk_job *job, void *arena, uint32_t count);

static void do_items(const nnk_job *job, void *arena, uint32_t first, uint32_t count, void *scratch) {
    const nnk_trainer before = *(const nnk_trainer *)arena;
    CHECK_EQUAL(nnk_train_items(job, arena, first, count, scratch), NNK_MORE);
    CHECK_SAME(arena, &before, sizeof before); // nothing is counted
}

/// Any number of items in a row, the last ones first.
static void do_in_reverse(const nnk_job *job, void *arena, uint32_t count) {
    void *scratch = new_scratch(job);
    while (count > 0) {
        const uint32_t some = 1 + random_below(count);
        count -= some;
        do_items(job, arena, count, some, scratch);
    }
    free(scratch);
}

/// Each item gets its own scratch, so none can rely on what another one left in it.
static void do_in_any_order(const nnk_job *job, void *arena, uint32_t count) {
    uint32_t *items = room_for(count * sizeof *items);
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t other = random_below(i + 1);
        items[i] = items[other];
        items[other] = i;
    }
    for (uint32_t i = 0; i < count; i++) {
        void *scratch = new_scratch(job);
        do_items(job, arena, items[i], 1, scratch);
        free(scratch);
    }
    free(items);
}

#if HAS_SYSTEM
/// The share of one thread: every second item.
typedef struct share {
    const nnk_job *job;
    void *arena, *scratch;
    uint32_t first, count;
    nnk_status worst;
} share;

static void *do_share(void *context) {
    share *s = context;
    for (uint32_t i = s->first; i < s->count; i += 2) {
        const nnk_status status = nnk_train_items(s->job, s->arena, i, 1, s->scratch);
        if (status < s->worst) s->worst = status;
    }
    return NULL;
}

static void do_on_two_threads(const nnk_job *job, void *arena, uint32_t count) {
    share shares[2];
    pthread_t other;
    for (uint32_t i = 0; i < 2; i++) shares[i] = (share){job, arena, new_scratch(job), i, count, NNK_MORE};
    const int has_started = pthread_create(&other, NULL, do_share, &shares[1]) == 0;
    do_share(&shares[0]);
    if (CHECK(has_started)) pthread_join(other, NULL);
    for (uint32_t i = 0; i < 2; i++) {
        CHECK_EQUAL(shares[i].worst, NNK_MORE);
        free(shares[i].scratch);
    }
}

/// Puts the scratch between two pages that must not be touched, next to the first or to the second.
static void do_in_guarded_scratch(const nnk_job *job, void *arena, uint32_t count) {
    const size_t page = (size_t)sysconf(_SC_PAGESIZE), bytes = nnk_train_scratch_bytes(job);
    const size_t pages = (bytes + page - 1) / page * page;
    uint8_t *map = mmap(NULL, pages + 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (!CHECK(map != MAP_FAILED)) return;
    CHECK(mprotect(map, page, PROT_NONE) == 0 && mprotect(map + page + pages, page, PROT_NONE) == 0);
    for (uint32_t i = 0; i < count; i++) {
        uint8_t *scratch = map + page + (i % 2 ? pages - bytes : 0);
        memset(map + page, 0xa5, pages);
        do_items(job, arena, i, 1, scratch);
        size_t touched = 0; // on the page, beside the scratch
        for (uint8_t *b = map + page; b < map + page + pages; b++)
            touched += (b < scratch || b >= scratch + bytes) && *b != 0xa5;
        CHECK_EQUAL(touched, 0);
    }
    munmap(map, pages + 2 * page);
}
#endif

/// Trains by `does` wherever slices are independent, at most `at_once` of them at a time; 0: a random number.
/// Returns the number of batches.
static uint32_t train_by(doing *does, const nnk_job *job, uint32_t at_once, file *f) {
    const size_t bytes = nnk_train_bytes(job);
    void *arena = room_for(bytes);
    memset(arena, 0xa5, bytes);
    uint32_t batches = 0;
    nnk_status status = nnk_train_begin(job, arena, bytes);
    CHECK_EQUAL(status, NNK_OK);
    do {
        const uint32_t ahead = nnk_train_parallel(job, arena);
        if (ahead == 0) {
            status = nnk_train_step(job, arena);
            continue;
        }
        uint32_t count = at_once ? at_once : 1 + random_below(ahead);
        if (count > ahead) count = ahead;
        does(job, arena, count);
        status = nnk_train_advance(job, arena, count);
        CHECK_EQUAL(status, NNK_MORE);
        CHECK(count == ahead || nnk_train_parallel(job, arena) == ahead - count);
        batches++;
    } while (status > 0);
    CHECK_EQUAL(status, NNK_OK);
    CHECK_EQUAL(nnk_train_parallel(job, arena), 0);
    CHECK_EQUAL(finish(job, arena, f), NNK_OK);
    free(arena);
    return batches;
}

static void check_doing(doing *does, const nnk_job *job, const file *want) {
    const uint32_t primal = job->method == &nnk_primal, layers = (uint32_t)job->topology->layers;
    // Forward, layer 2 if there is one, layer 1 in each iteration; P, G and W1 once.
    const uint32_t parallel = (layers > 1 ? 3 : 2) * job->iterations + (primal ? 0 : 3);
    for (uint32_t way = 0; way < 3; way++) { // all that lie ahead, three, any number
        file got = new_file(job);
        const uint32_t batches = train_by(does, job, way == 0 ? UINT32_MAX : way == 1 ? 3 : 0, &got);
        CHECK_SAME_FILE(got, *want);
        if (way == 0) CHECK_EQUAL(batches, parallel);
        free(got.bytes);
    }
}

/// Images are mapped, or read by any number of threads.
static void check_all(const nnk_topology *t, const nnk_arithmetic *k, int32_t method, uint32_t m,
                      int is_mapped) {
    data d = random_data(t, m);
    nnk_job job = job_of(t, k, &d, 3);
    job.method = methods[method];
    job.initializer = NNK_INIT_DEEP;
    file want = train(&job);
    if (!is_mapped) job.images = (nnk_source){.read = read_image, .context = &d.reader};
#if HAS_SYSTEM
    check_doing(do_on_two_threads, &job, &want);
    if (!THREADS_ALONE) check_doing(do_in_guarded_scratch, &job, &want);
#endif
    if (!THREADS_ALONE) {
        check_doing(do_in_reverse, &job, &want);
        check_doing(do_in_any_order, &job, &want);
    }
    free(want.bytes);
    release_data(d);
}

static void test_any_order(int32_t type, int32_t method) {
    static const uint32_t counts[] = {1, 16, 17, 40, 70};
    for (size_t i = 0; i < NETWORKS; i++)
        for (size_t m = 0; m < sizeof counts / sizeof counts[0]; m++) {
            if (method != NNK_PRIMAL && networks[i].layers < 2) continue;
            const nnk_arithmetic *k = m % 2 ? arithmetic_at(type, 0) : nnk_fastest(type);
            check_all(&networks[i], k, method, counts[m], (int)(m + i) % 2);
        }
}

/// A read fails: its item is done again, and the model is the same.
static void do_again_if_failed(const nnk_job *job, void *arena, uint32_t count) {
    void *scratch = new_scratch(job);
    for (uint32_t i = 0; i < count; i++) {
        nnk_status status = nnk_train_items(job, arena, i, 1, scratch);
        if (status == NNK_E_SOURCE) status = nnk_train_items(job, arena, i, 1, scratch);
        CHECK_EQUAL(status, NNK_MORE);
    }
    free(scratch);
}

static void test_failing_source(int32_t type, int32_t method) {
    const nnk_topology *t = &networks[0];
    data d = random_data(t, 18);
    nnk_job job = job_of(t, nnk_fastest(type), &d, 2);
    job.method = methods[method];
    file want = train(&job), got = new_file(&job);
    job.images = read_in(&d);
    const uint32_t checksum = 18 * 3; // which nnk_train_step reads alone, before anything else
    uint32_t reads = checksum + 1;
    for (uint32_t n = checksum + 1; n <= reads; n++) {
        d.reader.calls = 0;
        d.reader.fail_at = n;
        got.size = 0;
        train_by(do_again_if_failed, &job, UINT32_MAX, &got);
        CHECK_SAME_FILE(got, want);
        if (n == checksum + 1) reads = d.reader.calls - 1; // without the one that was read again
    }
    CHECK(reads > 4 * checksum);
    free(want.bytes);
    free(got.bytes);
    release_data(d);
}

/// Of several items at once none is done behind the one whose read failed.
static void test_items_behind_failure(int32_t type, int32_t method) {
    const nnk_topology *t = &networks[0];
    data d = random_data(t, 40);
    nnk_job job = job_of(t, nnk_fastest(type), &d, 2);
    job.method = methods[method];
    job.images = read_in(&d);
    const size_t bytes = nnk_train_bytes(&job);
    void *arena = room_for(bytes), *scratch = room_for(nnk_train_scratch_bytes(&job));
    CHECK_EQUAL(nnk_train_begin(&job, arena, bytes), NNK_OK);
    uint32_t failures = 0;
    for (uint32_t ahead; nnk_train_items(&job, arena, 0, 1, scratch) != NNK_E_SOURCE || failures == 0;) {
        ahead = nnk_train_parallel(&job, arena);
        d.reader.fail_at = d.reader.calls + 1;
        if (ahead > 1 && nnk_train_items(&job, arena, 0, ahead, scratch) == NNK_E_SOURCE) {
            CHECK_EQUAL(d.reader.calls, d.reader.fail_at); // and no other one was begun
            failures++;
            break;
        }
        d.reader.fail_at = 0;
        if (!CHECK(nnk_train_step(&job, arena) > 0)) break;
    }
    CHECK(failures > 0);
    free(scratch);
    free(arena);
    release_data(d);
}

/// Nothing is offered, and every attempt is refused and changes nothing.
static void check_none(const nnk_job *job, void *arena, void *scratch, size_t bytes) {
    void *before = copy_of(arena, bytes);
    CHECK_EQUAL(nnk_train_parallel(job, arena), 0);
    CHECK_EQUAL(nnk_train_items(job, arena, 0, 1, scratch), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_train_items(job, arena, UINT32_MAX, 1, scratch), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_train_advance(job, arena, 0), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_train_advance(job, arena, 1), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_train_advance(job, arena, UINT32_MAX), NNK_E_ARGUMENT);
    CHECK_SAME(arena, before, bytes);
    free(before);
}

/// More items than are independent; another job; phases that are not parallel.
static void test_misuse(int32_t type, int32_t method) {
    const nnk_topology *t = &networks[0];
    data d = random_data(t, 40);
    nnk_job job = job_of(t, arithmetic_at(type, 0), &d, 2);
    job.method = methods[method];
    const size_t bytes = nnk_train_bytes(&job);
    void *arena = room_for(bytes), *scratch = new_scratch(&job);
    memset(arena, 0xff, bytes);
    check_none(&job, arena, scratch, bytes); // not begun
    CHECK_EQUAL(nnk_train_begin(&job, arena, bytes), NNK_OK);
    uint32_t seen = 0;
    do {
        nnk_job other = job;
        other.seed++;
        check_none(&other, arena, scratch, bytes);
        other = job;
        other.learning_rate = 0;
        check_none(&other, arena, scratch, bytes);
        const uint32_t ahead = nnk_train_parallel(&job, arena);
        if (ahead == 0) {
            check_none(&job, arena, scratch, bytes);
            continue;
        }
        seen++;
        void *before = copy_of(arena, bytes);
        CHECK_EQUAL(nnk_train_items(&job, arena, ahead, 1, scratch), NNK_E_ARGUMENT);
        CHECK_EQUAL(nnk_train_items(&job, arena, UINT32_MAX, 1, scratch), NNK_E_ARGUMENT);
        CHECK_EQUAL(nnk_train_items(&job, arena, 0, ahead + 1, scratch), NNK_E_ARGUMENT);
        CHECK_EQUAL(nnk_train_items(&job, arena, ahead - 1, UINT32_MAX, scratch), NNK_E_ARGUMENT);
        CHECK_EQUAL(nnk_train_advance(&job, arena, ahead + 1), NNK_E_ARGUMENT);
        CHECK_EQUAL(nnk_train_advance(&job, arena, UINT32_MAX), NNK_E_ARGUMENT);
        CHECK_EQUAL(nnk_train_advance(&job, arena, 0), NNK_MORE);
        CHECK_SAME(arena, before, bytes);
        free(before);
    } while (nnk_train_step(&job, arena) > 0);
    CHECK(seen > 3);
    check_none(&job, arena, scratch, bytes); // trained
    free(arena);
    free(scratch);
    release_data(d);
}

/// Packed dual runs on one thread.
static void test_packed(int32_t type) {
    const nnk_topology *t = &networks[0];
    data d = random_data(t, 40);
    nnk_job job = job_of(t, arithmetic_at(type, 0), &d, 1);
    job.method = &nnk_dual;
    const size_t bytes = nnk_train_bytes(&job);
    void *arena = room_for(bytes), *scratch = room_for(1 << 16);
    CHECK_EQUAL(nnk_train_scratch_bytes(&job), 0);
    CHECK_EQUAL(nnk_train_begin(&job, arena, bytes), NNK_OK);
    do check_none(&job, arena, scratch, bytes);
    while (nnk_train_step(&job, arena) > 0);
    job.examples = 0;
    job.method = &nnk_primal;
    CHECK_EQUAL(nnk_train_scratch_bytes(&job), 0);
    CHECK_EQUAL(nnk_train_scratch_bytes(NULL), 0);
    free(arena);
    free(scratch);
    release_data(d);
}

int main(void) {
    FOR_EACH_TYPE(type) {
        for (int32_t method = NNK_PRIMAL; method <= NNK_DUAL_WIDE; method += NNK_DUAL_WIDE) {
            test_any_order(type, method);
            if (THREADS_ALONE) continue;
            test_failing_source(type, method);
            test_items_behind_failure(type, method);
            test_misuse(type, method);
        }
        if (!THREADS_ALONE) test_packed(type);
    }
    return check_end();
}
