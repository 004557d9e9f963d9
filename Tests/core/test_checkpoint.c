/// Checkpoints: a training that resumes from one ends as if it had never stopped, and no other bytes are
/// accepted.
#include "header.h"
#include "jobs.h"
#include "little_endian.h"
#include "phases.h"

#include <fenv.h>

enum { AT_MOST = 3072 }; // bytes of a write or a read

/// Where things lie in a checkpoint (docs/FORMAT.md).
enum { AT_PAYLOAD_BYTES = 32, AT_PAYLOAD_CRC = 36, AT_DATA_CRC = 56, AT_HEADER_CRC = 60 };
enum { AT_PHASE = 100, AT_ITEM = 104, AT_ITERATION = 108, AT_COST_ITERATION = 112, AT_COST = 152 };
enum { AT_RANDOM = 184, AT_RANDOM_NEXT = AT_RANDOM + 4 * NNK_RANDOM_WORDS };

enum { ENOUGH = 1 << 18 }; // bytes of an arena for any job here

/// Two blocks of images with two patches per image; odd numbers of weights, so that one normal of a pair is
/// left over; and sections that take more than one write.
static const nnk_topology topology = {3, {201, 5, 3, 1}};
static const uint32_t examples = 19;

static nnk_job job_with(int32_t type, int32_t method, const data *d, uint32_t iterations) {
    nnk_job job = job_of(&topology, arithmetic_at(type, 0), d, iterations);
    job.method = methods[method];
    job.cost_every = 2;
    CHECK(nnk_train_bytes(&job) <= ENOUGH / 2);
    return job;
}

/// An arena large enough for any job here, filled with other bytes.
static uint8_t *new_arena(void) {
    uint8_t *arena = room_for(ENOUGH);
    memset(arena, 0xa5, ENOUGH);
    return arena;
}

static uint8_t *begun(const nnk_job *job) {
    uint8_t *arena = new_arena();
    CHECK_EQUAL(nnk_train_begin(job, arena, ENOUGH), NNK_OK);
    return arena;
}

/// A trainer after `slices` slices.
static uint8_t *begun_and_stepped(const nnk_job *job, uint32_t slices) {
    uint8_t *arena = begun(job);
    for (uint32_t i = 0; i < slices; i++) CHECK(nnk_train_step(job, arena) > 0);
    return arena;
}

static uint32_t slices_to_loop(const nnk_job *job) {
    uint8_t *arena = begun(job);
    nnk_progress progress;
    uint32_t slices = 0;
    while (nnk_train_progress(job, arena, &progress) == NNK_OK && progress.iteration == 0 &&
           CHECK(nnk_train_step(job, arena) > 0))
        slices++;
    free(arena);
    return slices;
}

// Saving.

static file new_checkpoint(const nnk_job *job) {
    file f = {.room = nnk_checkpoint_bytes(job)};
    f.bytes = room_for(f.room);
    memset(f.bytes, 0xee, f.room);
    return f;
}

static nnk_status bounded_write(void *context, uint32_t offset, const uint8_t *bytes, uint32_t count) {
    CHECK(count > 0 && count <= AT_MOST);
    return file_write(context, offset, bytes, count);
}

static nnk_status save_in(const nnk_job *job, uint8_t *arena, file *f) {
    nnk_checkpoint progress = {0, 0};
    const nnk_sink sink = {bounded_write, f};
    nnk_status status;
    while ((status = nnk_checkpoint_save(job, arena, &progress, sink)) > 0) CHECK_EQUAL(status, NNK_MORE);
    return status;
}

/// Saves a checkpoint, which must succeed and have the promised size.
static file saved(const nnk_job *job, uint8_t *arena) {
    file f = new_checkpoint(job);
    CHECK_EQUAL(save_in(job, arena, &f), NNK_OK);
    CHECK(f.size > NNK_HEADER_BYTES);
    CHECK_EQUAL(f.size, nnk_checkpoint_bytes(job));
    return f;
}

/// What a sink sees that asks how far the run is.
typedef struct watch {
    const nnk_job *job;
    const uint8_t *arena;
    nnk_progress want;
    uint32_t calls;
} watch;

static nnk_status watching_write(void *context, uint32_t offset, const uint8_t *bytes, uint32_t count) {
    watch *w = context;
    nnk_progress seen;
    (void)offset, (void)bytes, (void)count;
    w->calls++;
    CHECK_EQUAL(nnk_train_progress(w->job, w->arena, &seen), NNK_OK);
    CHECK(seen.stage == w->want.stage && seen.iteration == w->want.iteration);
    CHECK(seen.cost_iteration == w->want.cost_iteration && seen.cost == w->want.cost);
    return NNK_OK;
}

/// While a checkpoint is saved, the sink sees the trainer as it is, in every stage.
static void test_watching_sink(int32_t type, int32_t method) {
    data d = random_data(&topology, examples);
    const nnk_job job = job_with(type, method, &d, 3);
    uint8_t *arena = begun(&job);
    uint32_t stages = 0;
    do {
        watch w = {.job = &job, .arena = arena};
        nnk_checkpoint progress = {0, 0};
        CHECK_EQUAL(nnk_train_progress(&job, arena, &w.want), NNK_OK);
        while (nnk_checkpoint_save(&job, arena, &progress, (nnk_sink){watching_write, &w}) > 0) {
        }
        CHECK(w.calls > 5);
        stages |= 1u << w.want.stage;
    } while (nnk_train_step(&job, arena) > 0);
    CHECK_EQUAL(stages, 1u << NNK_SETUP | 1u << NNK_LOOP | 1u << NNK_TRAINED);
    free(arena);
    release_data(d);
}

// Loading.

typedef struct source {
    const uint8_t *bytes;
    size_t size;
    uint32_t calls, fail_at; ///< the call that fails, counted from 1; 0: none
    int32_t pads;            ///< gives zeros for what lies behind the end
} source;

static nnk_status source_read(void *context, uint32_t offset, uint32_t count, uint8_t *out) {
    source *s = context;
    CHECK(count > 0 && count <= AT_MOST);
    const size_t there = offset < s->size ? s->size - offset : 0, some = there < count ? there : count;
    memset(out, 0, count);
    memcpy(out, s->bytes + offset, some);
    if (++s->calls != s->fail_at) return some == count || s->pads ? NNK_OK : NNK_E_SOURCE;
    memset(out, 0x5a, count / 2 + 1); // half read, and broken
    return NNK_E_SOURCE;
}

static nnk_status load_from(const nnk_job *job, uint8_t *arena, source *s) {
    nnk_checkpoint progress = {0, 0};
    nnk_status status;
    const nnk_reader from = {source_read, s};
    while ((status = nnk_checkpoint_load(job, arena, nnk_train_bytes(job), &progress, from)) > 0)
        if (!CHECK(status == NNK_MORE && nnk_train_step(job, arena) == NNK_E_STATE)) break;
    return status;
}

static source source_of(const file *f) { return (source){.bytes = f->bytes, .size = f->size}; }

static nnk_status load(const nnk_job *job, uint8_t *arena, const file *f) {
    source s = source_of(f);
    return load_from(job, arena, &s);
}

/// Whether every call refuses the arena.
static int is_empty(const nnk_job *job, uint8_t *arena) {
    nnk_progress progress;
    file none = {0};
    return nnk_train_step(job, arena) == NNK_E_STATE && finish(job, arena, &none) == NNK_E_STATE &&
           nnk_train_progress(job, arena, &progress) == NNK_E_STATE &&
           save_in(job, arena, &none) == NNK_E_STATE && none.calls == 0;
}

/// Loads over a trainer of the same job. If the checkpoint is refused, that trainer must be gone too.
static nnk_status load_over(const nnk_job *job, const uint8_t *living, source *s) {
    uint8_t *arena = copy_of(living, ENOUGH);
    const nnk_status status = load_from(job, arena, s);
    CHECK(status == NNK_OK || is_empty(job, arena));
    free(arena);
    return status;
}

/// Resumes from a checkpoint in another arena, and expects the model and the last cost of the whole run.
static void check_resumed(const nnk_job *job, const file *checkpoint, const file *want, nnk_progress end) {
    uint8_t *arena = new_arena();
    file got = new_file(job);
    nnk_progress progress;
    CHECK_EQUAL(load(job, arena, checkpoint), NNK_OK);
    CHECK_EQUAL(steps(job, arena), NNK_OK);
    CHECK_EQUAL(nnk_train_progress(job, arena, &progress), NNK_OK);
    CHECK(progress.cost == end.cost && progress.cost_iteration == end.cost_iteration);
    CHECK_EQUAL(progress.iteration, job->iterations);
    CHECK_EQUAL(finish(job, arena, &got), NNK_OK);
    CHECK_SAME_FILE(got, *want);
    // Nothing is written behind the bytes that the job needs.
    for (size_t i = nnk_train_bytes(job); i < ENOUGH; i++)
        if (arena[i] != 0xa5) {
            CHECK(arena[i] == 0xa5);
            break;
        }
    free(got.bytes);
    free(arena);
}

// Whole runs.

/// The checksum of the data is 0 first, and then that of the model.
static void check_data_crc(const file *checkpoint, const file *model, int32_t stage, uint32_t *last) {
    nnk_job_numbers numbers;
    uint32_t crc = 1;
    CHECK_EQUAL(nnk_checkpoint_peek(checkpoint->bytes, &numbers, &crc), NNK_OK);
    CHECK(crc == get_u32(model->bytes + AT_DATA_CRC) || (crc == 0 && *last == 0 && stage == NNK_SETUP));
    *last = crc;
}

/// Saves before each slice, and resumes in every arithmetic, from mapped images and from a callback.
static void check_training(nnk_job job, data *d, const file *want, nnk_progress end) {
    uint8_t *arena = begun(&job);
    const size_t bytes = nnk_train_bytes(&job);
    uint32_t slices = 0, data_crc = 0;
    nnk_status status;
    do {
        nnk_progress progress;
        uint8_t *before = copy_of(arena, bytes);
        file c = saved(&job, arena);
        CHECK_SAME(arena, before, bytes); // undisturbed
        free(before);
        CHECK_EQUAL(nnk_train_progress(&job, arena, &progress), NNK_OK);
        check_data_crc(&c, want, progress.stage, &data_crc);
        nnk_job other = job;
        FOR_EACH_ARITHMETIC(k, job.arithmetic->dtype) {
            other.arithmetic = k;
            check_resumed(&other, &c, want, end);
        }
        other.arithmetic = nnk_fastest(job.arithmetic->dtype);
        other.images = read_in(d);
        check_resumed(&other, &c, want, end);
        free(c.bytes);
        slices++;
        status = nnk_train_step(&job, arena);
    } while (status > 0);
    CHECK_EQUAL(status, NNK_OK);
    CHECK(slices > 2 * job.iterations && data_crc != 0);
    file got = new_file(&job);
    CHECK_EQUAL(finish(&job, arena, &got), NNK_OK);
    CHECK_SAME_FILE(got, *want);
    free(got.bytes);
    free(arena);
}

/// Saves after the last iteration and after each slice of writing the model, which then starts from the
/// beginning.
static void check_finishing(nnk_job job, const file *want, nnk_progress end) {
    uint8_t *arena = begun(&job);
    CHECK_EQUAL(steps(&job, arena), NNK_OK);
    nnk_status status = NNK_MORE;
    for (uint32_t slices = 0; status > 0; slices++) {
        file got = new_file(&job);
        for (uint32_t i = 0; i < slices; i++) status = nnk_train_finish(&job, arena, sink_of(&got));
        file c = saved(&job, arena);
        check_resumed(&job, &c, want, end);
        memset(got.bytes, 0xee, got.room);
        CHECK_EQUAL(finish(&job, arena, &got), NNK_OK);
        CHECK_SAME_FILE(got, *want);
        free(c.bytes);
        free(got.bytes);
        CHECK(status == NNK_OK || slices < 1000);
    }
    CHECK_EQUAL(status, NNK_OK); // the last one was after the whole model
    free(arena);
}

static void test_every_slice(int32_t type, int32_t method, uint32_t iterations) {
    data d = random_data(&topology, examples);
    const nnk_job job = job_with(type, method, &d, iterations);
    file want = train(&job);
    uint8_t *arena = begun(&job);
    nnk_progress end;
    CHECK_EQUAL(steps(&job, arena), NNK_OK);
    CHECK_EQUAL(nnk_train_progress(&job, arena, &end), NNK_OK);
    CHECK_EQUAL(end.cost_iteration, iterations ? (iterations - 1) / 2 * 2 : 0);
    check_training(job, &d, &want, end);
    check_finishing(job, &want, end);
    free(arena);
    free(want.bytes);
    release_data(d);
}

/// From one checkpoint to the next, each in another arena.
static void test_chain(int32_t type, int32_t method) {
    data d = random_data(&topology, examples);
    const nnk_job job = job_with(type, method, &d, 2);
    file want = train(&job), got = new_file(&job);
    uint8_t *arena = begun(&job);
    do {
        file c = saved(&job, arena);
        memset(arena, 0xa5, ENOUGH);
        CHECK_EQUAL(load(&job, arena, &c), NNK_OK);
        file again = saved(&job, arena);
        CHECK_SAME_FILE(again, c);
        free(again.bytes);
        free(c.bytes);
    } while (nnk_train_step(&job, arena) > 0);
    CHECK_EQUAL(finish(&job, arena, &got), NNK_OK);
    CHECK_SAME_FILE(got, want);
    free(arena);
    free(want.bytes);
    free(got.bytes);
    release_data(d);
}

/// The class names matter only when the model is written.
static void test_class_names(int32_t method) {
    data d = random_data(&topology, examples);
    nnk_job job = job_with(NNK_F32, method, &d, 1), named = job;
    named.class_names[0] = "other";
    named.class_names[1] = "cat";
    file unnamed_model = train(&job), named_model = train(&named);
    CHECK(!same_file(&unnamed_model, &named_model));
    uint8_t *arena = begun(&job);
    nnk_progress end;
    CHECK_EQUAL(steps(&named, arena), NNK_OK);
    CHECK_EQUAL(nnk_train_progress(&job, arena, &end), NNK_OK);
    uint8_t *early = begun_and_stepped(&named, 2);
    file c = saved(&job, arena), of_named = saved(&named, arena), e = saved(&named, early);
    CHECK_SAME_FILE(c, of_named);
    check_resumed(&named, &c, &named_model, end);
    check_resumed(&job, &c, &unnamed_model, end);
    check_resumed(&named, &e, &named_model, end);
    check_resumed(&job, &e, &unnamed_model, end);
    free(c.bytes);
    free(of_named.bytes);
    free(e.bytes);
    free(arena);
    free(early);
    free(unnamed_model.bytes);
    free(named_model.bytes);
    release_data(d);
}

// What fails.

/// Every write fails once: the file is not accepted as a checkpoint, and saving again gives the right one.
static void test_failing_sink(int32_t type, int32_t method) {
    data d = random_data(&topology, examples);
    const nnk_job job = job_with(type, method, &d, 3);
    uint8_t *arena = begun_and_stepped(&job, slices_to_loop(&job) + 1);
    const size_t bytes = nnk_train_bytes(&job);
    uint8_t *before = copy_of(arena, bytes);
    file want = saved(&job, arena);
    CHECK(want.calls > 4);
    for (uint32_t n = 1; n <= want.calls; n++) {
        file f = new_checkpoint(&job);
        f.fail_at = n;
        CHECK_EQUAL(save_in(&job, arena, &f), NNK_E_SINK);
        CHECK_EQUAL(f.calls, n);
        CHECK_SAME(arena, before, bytes);
        source s = {.bytes = f.bytes, .size = f.room};
        const nnk_status status = load_over(&job, arena, &s);
        CHECK_EQUAL(status, n == want.calls ? NNK_E_HEADER : NNK_E_MAGIC);
        CHECK_EQUAL(save_in(&job, arena, &f), NNK_OK);
        CHECK_SAME_FILE(f, want);
        free(f.bytes);
    }
    free(before);
    free(want.bytes);
    free(arena);
    release_data(d);
}

/// Every read fails once: then there is no trainer, and loading again gives the right one.
static void test_failing_reader(int32_t type, int32_t method) {
    data d = random_data(&topology, examples);
    const nnk_job job = job_with(type, method, &d, 3);
    uint8_t *arena = begun_and_stepped(&job, slices_to_loop(&job) + 1), *other = new_arena();
    file c = saved(&job, arena);
    source whole = source_of(&c);
    CHECK_EQUAL(load_over(&job, arena, &whole), NNK_OK);
    CHECK(whole.calls > 5);
    for (uint32_t n = 1; n <= whole.calls; n++) {
        source s = source_of(&c);
        s.fail_at = n;
        CHECK_EQUAL(load_over(&job, arena, &s), NNK_E_SOURCE);
        CHECK_EQUAL(s.calls, n);
        s = (source){.bytes = c.bytes, .size = c.size, .fail_at = n};
        CHECK_EQUAL(load_from(&job, other, &s), NNK_E_SOURCE);
        CHECK_EQUAL(load_from(&job, other, &s), NNK_OK);
        file again = saved(&job, other);
        CHECK_SAME_FILE(again, c);
        free(again.bytes);
    }
    free(c.bytes);
    free(arena);
    free(other);
    release_data(d);
}

typedef struct flaky {
    uint8_t *bytes;
    uint32_t calls;
} flaky;

/// Fails every third time, half-way; loading starts with two reads.
static int fails(flaky *f, uint8_t *to, const uint8_t *from, uint32_t count) {
    const int now = f->calls++ % 3 == 0;
    memcpy(to, from, now ? count / 2 : count);
    return now;
}

static nnk_status flaky_write(void *context, uint32_t offset, const uint8_t *bytes, uint32_t count) {
    flaky *f = context;
    return fails(f, f->bytes + offset, bytes, count) ? NNK_E_SINK : NNK_OK;
}

static nnk_status flaky_read(void *context, uint32_t offset, uint32_t count, uint8_t *out) {
    flaky *f = context;
    return fails(f, out, f->bytes + offset, count) ? NNK_E_SOURCE : NNK_OK;
}

/// A call that failed can be tried again.
static void test_trying_again(int32_t type, int32_t method) {
    data d = random_data(&topology, examples);
    const nnk_job job = job_with(type, method, &d, 3);
    uint8_t *arena = begun_and_stepped(&job, slices_to_loop(&job) + 1), *other = new_arena();
    file want = saved(&job, arena), got = new_checkpoint(&job);
    flaky f = {.bytes = got.bytes};
    nnk_checkpoint progress = {0, 0};
    nnk_status status;
    while ((status = nnk_checkpoint_save(&job, arena, &progress, (nnk_sink){flaky_write, &f})) != NNK_OK)
        if (!CHECK_EQUAL(status, f.calls % 3 == 1 ? NNK_E_SINK : NNK_MORE)) break;
    CHECK_SAME(got.bytes, want.bytes, want.size);
    progress = (nnk_checkpoint){0, 0};
    const nnk_reader from = {flaky_read, &f};
    while ((status = nnk_checkpoint_load(&job, other, ENOUGH, &progress, from)) != NNK_OK)
        if (!CHECK(status == NNK_E_SOURCE || status == NNK_MORE)) break;
    file again = saved(&job, other);
    CHECK_SAME_FILE(again, want);
    free(again.bytes);
    free(got.bytes);
    free(want.bytes);
    free(arena);
    free(other);
    release_data(d);
}

/// A training resumes only where it could begin: with labels and images, and with strict floating point.
static void test_start(int32_t type, int32_t method) {
    data d = random_data(&topology, examples);
    const nnk_job job = job_with(type, method, &d, 3);
    uint8_t *arena = begun_and_stepped(&job, slices_to_loop(&job));
    const file c = saved(&job, arena);
    nnk_job bad = job;
    uint8_t *labels = copy_of(job.labels, examples);
    labels[examples - 1] = 2;
    bad.labels = labels;
    CHECK_EQUAL(load(&bad, arena, &c), NNK_E_LABEL);
    bad.labels = NULL;
    CHECK_EQUAL(load(&bad, arena, &c), NNK_E_ARGUMENT);
    bad = job;
    bad.images = (nnk_source){0};
    CHECK_EQUAL(load(&bad, arena, &c), NNK_E_ARGUMENT);
#if defined(FE_UPWARD) && !defined(__NEWLIB__)
    if (fesetround(FE_UPWARD) == 0) {
        const volatile double one = 1, little = DBL_EPSILON / 4;
        const bool rounds_upward = one + little > 1; // not under valgrind
        const nnk_status status = load(&job, arena, &c);
        fesetround(FE_TONEAREST);
        CHECK_EQUAL(status, rounds_upward ? NNK_E_FLOAT : NNK_OK);
    }
#endif
    CHECK_EQUAL(load(&job, arena, &c), NNK_OK);
    free(labels);
    free(c.bytes);
    free(arena);
    release_data(d);
}

/// Corrects the checksums.
static void seal(file *f) {
    put_u32(f->bytes + AT_PAYLOAD_CRC, nnk_crc32(0, f->bytes + NNK_HEADER_BYTES, f->size - NNK_HEADER_BYTES));
    put_u32(f->bytes + AT_HEADER_CRC, nnk_crc32(0, f->bytes, AT_HEADER_CRC));
}

/// A file that is cut off anywhere, with a reader that reports it and with one that does not.
static void test_cut_off(int32_t type, int32_t method) {
    const nnk_topology small = {2, {3, 2, 1}};
    data d = random_data(&small, 2);
    nnk_job job = job_of(&small, arithmetic_at(type, 0), &d, 3);
    job.method = methods[method];
    uint8_t *arena = begun_and_stepped(&job, slices_to_loop(&job));
    file c = saved(&job, arena);
    c.bytes[c.size - 1] |= 1; // else zeros would put it right
    seal(&c);
    CHECK_EQUAL(load(&job, arena, &c), NNK_OK);
    size_t header_end = NNK_HEADER_BYTES; // its last bytes may be zeros
    while (c.bytes[header_end - 1] == 0) header_end--;
    for (size_t size = 0; size < c.size; size++) {
        if (!check_takes(size)) continue;
        uint8_t *part = copy_of(c.bytes, size); // so that a sanitizer sees a byte too many
        source s = {.bytes = part, .size = size};
        CHECK_EQUAL(load_from(&job, arena, &s), NNK_E_SOURCE);
        CHECK_EQUAL(nnk_train_step(&job, arena), NNK_E_STATE);
        s.pads = 1;
        const nnk_status status = load_from(&job, arena, &s);
        if (size < 4)
            CHECK_EQUAL(status, NNK_E_MAGIC);
        else if (size < header_end)
            CHECK_EQUAL(status, NNK_E_HEADER);
        else // the interval of the costs stands at the payload's start
            CHECK_EQUAL(status, size <= NNK_HEADER_BYTES ? NNK_E_STATE : NNK_E_PAYLOAD);
        CHECK_EQUAL(nnk_train_step(&job, arena), NNK_E_STATE);
        free(part);
    }
    free(c.bytes);
    free(arena);
    release_data(d);
}

static void check_flip(const nnk_job *job, const uint8_t *living, file *c, size_t bit) {
    c->bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    source s = source_of(c);
    const nnk_status status = load_over(job, living, &s);
    if (bit / 8 < 4)
        CHECK_EQUAL(status, NNK_E_MAGIC);
    else if (bit / 8 < NNK_HEADER_BYTES)
        CHECK_EQUAL(status, NNK_E_HEADER);
    else // another interval of the costs is another job's
        CHECK_EQUAL(status, bit / 8 < NNK_CHECKPOINT_START_BYTES ? NNK_E_STATE : NNK_E_PAYLOAD);
    c->bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
}

/// Flips each bit of the header and of the numbers behind it, and some of the others.
static void test_flips(int32_t type, int32_t method, uint32_t slices) {
    data d = random_data(&topology, examples);
    const nnk_job job = job_with(type, method, &d, 3);
    uint8_t *arena = begun_and_stepped(&job, slices);
    file c = saved(&job, arena);
    for (size_t bit = 0; bit < 8 * (NNK_HEADER_BYTES + 88); bit++)
        if (check_takes(bit)) check_flip(&job, arena, &c, bit);
    for (uint32_t i = 0; i < check_rounds(500); i++)
        check_flip(&job, arena, &c,
                   8 * NNK_HEADER_BYTES + random_below(8 * ((uint32_t)c.size - NNK_HEADER_BYTES)));
    CHECK_EQUAL(load(&job, arena, &c), NNK_OK); // all of it was the flips
    free(c.bytes);
    free(arena);
    release_data(d);
}

/// Loads `c` with a byte of its header changed and the header's checksum corrected.
static nnk_status load_sealed(const nnk_job *job, const uint8_t *living, const file *c, size_t at,
                              uint32_t value) {
    file f = *c;
    f.bytes = copy_of(c->bytes, c->size);
    f.bytes[at] = (uint8_t)value;
    put_u32(f.bytes + AT_HEADER_CRC, nnk_crc32(0, f.bytes, AT_HEADER_CRC));
    source s = source_of(&f);
    const nnk_status status = load_over(job, living, &s);
    nnk_job_numbers numbers;
    uint32_t crc;
    const nnk_status peeked = nnk_checkpoint_peek(f.bytes, &numbers, &crc);
    CHECK(peeked == status ||
          (peeked == NNK_OK && (status == NNK_E_STATE || status == NNK_E_SIZE || status == NNK_E_PAYLOAD)));
    free(f.bytes);
    return status;
}

/// Undamaged files that are not what the call expects.
static void test_other_contents(int32_t type, int32_t method) {
    data d = random_data(&topology, examples);
    const nnk_job job = job_with(type, method, &d, 3);
    uint8_t *arena = begun_and_stepped(&job, slices_to_loop(&job));
    const file c = saved(&job, arena);
#define SEALED(at, value) load_sealed(&job, arena, &c, at, value)
    CHECK_EQUAL(SEALED(0, c.bytes[0]), NNK_OK);
    CHECK_EQUAL(SEALED(0, 0), NNK_E_MAGIC);
    CHECK_EQUAL(SEALED(4, 2), NNK_E_VERSION);
    CHECK_EQUAL(SEALED(5, 72), NNK_E_VERSION);
    CHECK_EQUAL(SEALED(6, 0), NNK_E_KIND);
    CHECK_EQUAL(SEALED(6, 3), NNK_E_KIND);
    CHECK_EQUAL(SEALED(6, type == NNK_F32 ? NNK_F64 : NNK_F32), NNK_E_STATE);
    CHECK_EQUAL(SEALED(7, NNK_KIND_MODEL), NNK_E_KIND);
    CHECK_EQUAL(SEALED(7, 2), NNK_E_KIND);
    CHECK_EQUAL(SEALED(8, 0), NNK_E_TOPOLOGY);
    CHECK_EQUAL(SEALED(8, NNK_MAX_LAYERS + 1), NNK_E_TOPOLOGY);
    CHECK_EQUAL(SEALED(8, 255), NNK_E_TOPOLOGY);
    CHECK_EQUAL(SEALED(9, NNK_INIT_SMALL), NNK_E_STATE);
    CHECK_EQUAL(SEALED(10, (uint32_t)(method + 1) % 3), NNK_E_STATE);
    CHECK_EQUAL(SEALED(11, NNK_OPTION_CENTERED), NNK_E_VERSION); // options of a model
    CHECK_EQUAL(SEALED(12, 200), NNK_E_STATE);
    CHECK_EQUAL(SEALED(15, 2), NNK_E_TOPOLOGY); // 517 units
    CHECK_EQUAL(SEALED(AT_PAYLOAD_BYTES, c.bytes[AT_PAYLOAD_BYTES] ^ 8), NNK_E_SIZE);
    CHECK_EQUAL(SEALED(AT_PAYLOAD_BYTES + 3, 0x80), NNK_E_SIZE);
    CHECK_EQUAL(SEALED(AT_PAYLOAD_CRC, c.bytes[AT_PAYLOAD_CRC] ^ 1), NNK_E_PAYLOAD);
#undef SEALED
    free(c.bytes);
    free(arena);
    release_data(d);
}

/// Loads `c` with a number of its payload changed and all checksums corrected. If it is accepted, trains to
/// the end in an arena that a sanitizer guards. Returns whether it was accepted.
static int accepts(const nnk_job *job, file c, size_t at, uint32_t value) {
    const size_t bytes = nnk_train_bytes(job);
    uint8_t *arena = room_for(bytes);
    put_u32(c.bytes + at, value);
    seal(&c);
    const nnk_status status = load(job, arena, &c);
    if (status == NNK_OK) {
        const nnk_status ended = steps(job, arena);
        CHECK(ended == NNK_OK || ended == NNK_E_DIVERGED);
    } else {
        CHECK(status == NNK_E_PAYLOAD || status == NNK_E_STATE); // E_STATE: by the data's checksum
        CHECK_EQUAL(nnk_train_step(job, arena), NNK_E_STATE);
    }
    free(arena);
    return status == NNK_OK;
}

/// The places of a run, in order: the counters in a checkpoint before each item, and the data's CRC in its
/// header.
typedef struct places {
    uint8_t (*bytes)[AT_RANDOM - AT_PHASE];
    uint32_t *data_crc; // in the header
    uint32_t count;
} places;

/// Does one item, also where nnk_train_step does several.
static nnk_status one_item(const nnk_job *job, uint8_t *arena, void *scratch) {
    if (nnk_train_parallel(job, arena) == 0) return nnk_train_step(job, arena);
    CHECK_EQUAL(nnk_train_items(job, arena, 0, 1, scratch), NNK_MORE);
    return nnk_train_advance(job, arena, 1);
}

static places all_places(const nnk_job *job) {
    places p = {.bytes = room_for(1000 * sizeof *p.bytes), .data_crc = room_for(1000 * sizeof *p.data_crc)};
    uint8_t *arena = begun(job), *scratch = room_for(nnk_train_scratch_bytes(job));
    nnk_status status = NNK_MORE;
    while (status > 0 && CHECK(p.count < 1000)) {
        file c = saved(job, arena);
        memcpy(p.bytes[p.count], c.bytes + AT_PHASE, sizeof *p.bytes);
        p.data_crc[p.count++] = get_u32(c.bytes + AT_DATA_CRC);
        free(c.bytes);
        status = one_item(job, arena, scratch);
    }
    CHECK_EQUAL(status, NNK_OK); // after the last one saved, which was trained
    free(arena);
    free(scratch);
    return p;
}

/// The index of the place with these counters, or `count`.
static uint32_t place_at(const places *p, uint32_t phase, uint32_t item, uint32_t iteration) {
    uint32_t i = 0;
    while (i < p->count && (get_u32(p->bytes[i]) != phase || get_u32(p->bytes[i] + 4) != item ||
                            get_u32(p->bytes[i] + 8) != iteration))
        i++;
    return i;
}

/// A checkpoint at a place of the run is accepted, but not with another iteration of the last cost.
static void check_place(const nnk_job *job, file c, const places *p, uint32_t place) {
    memcpy(c.bytes + AT_PHASE, p->bytes[place], sizeof *p->bytes);
    put_u32(c.bytes + AT_DATA_CRC, p->data_crc[place]);
    const uint32_t cost_iteration = get_u32(c.bytes + AT_COST_ITERATION);
    for (uint32_t i = 0; i <= job->iterations; i++)
        if (i != cost_iteration) CHECK(!accepts(job, c, AT_COST_ITERATION, i));
    CHECK(accepts(job, c, AT_COST_ITERATION, cost_iteration));
}

/// A checkpoint at any other place is refused, whatever it says about the cost and the data.
static void check_no_place(const nnk_job *job, file c, const places *p, uint32_t phase, uint32_t item,
                           uint32_t iteration) {
    for (uint32_t way = 0; way < 4; way++) {
        const uint32_t like = way == 0 ? 0 : way == 1 ? p->count - 1 : random_below(p->count);
        memcpy(c.bytes + AT_PHASE, p->bytes[like], sizeof *p->bytes);
        put_u32(c.bytes + AT_DATA_CRC, p->data_crc[like]);
        put_u32(c.bytes + AT_PHASE, phase);
        put_u32(c.bytes + AT_ITEM, item);
        CHECK(!accepts(job, c, AT_ITERATION, iteration));
    }
}

/// The counters of a file may have any value under correct checksums. Those of the run's places are accepted,
/// and no others.
static void test_counters(int32_t type, int32_t method, uint32_t iterations) {
    data d = random_data(&topology, examples);
    const nnk_job job = job_with(type, method, &d, iterations);
    uint8_t *arena = begun(&job);
    file c = saved(&job, arena);
    places p = all_places(&job);
    uint32_t found = 0;
    for (uint32_t phase = 0; phase < 20; phase++)
        for (uint32_t iteration = 0; iteration <= iterations + 1; iteration++)
            for (uint32_t item = 0; item < 200; item++) {
                const uint32_t place = place_at(&p, phase, item, iteration);
                found += place < p.count;
                if (place < p.count)
                    check_place(&job, c, &p, place);
                else if (item < 3 || place_at(&p, phase, item - 1, iteration) < p.count)
                    check_no_place(&job, c, &p, phase, item, iteration);
            }
    CHECK_EQUAL(found, p.count);
    for (uint32_t bit = 8; bit < 32; bit++) {
        const uint32_t large = 1u << bit;
        check_no_place(&job, c, &p, large, 0, 0);
        check_no_place(&job, c, &p, get_u32(p.bytes[0]), large, 0);
        check_no_place(&job, c, &p, get_u32(p.bytes[p.count - 1]), 0, large);
    }
    free(p.bytes);
    free(p.data_crc);
    free(c.bytes);
    free(arena);
    release_data(d);
}

/// Other numbers that no training has: in the generator, as the cost, in the field that is always 0.
static void test_other_numbers(int32_t type, int32_t method) {
    data d = random_data(&topology, examples);
    const nnk_job job = job_with(type, method, &d, 3);
    uint8_t *arena = begun_and_stepped(&job, slices_to_loop(&job));
    file c = saved(&job, arena);
    const uint32_t next = get_u32(c.bytes + AT_RANDOM_NEXT), cost = get_u32(c.bytes + AT_COST + 4);
    CHECK(accepts(&job, c, AT_RANDOM_NEXT, 0) && accepts(&job, c, AT_RANDOM_NEXT, NNK_RANDOM_WORDS - 1));
    CHECK(!accepts(&job, c, AT_RANDOM_NEXT, NNK_RANDOM_WORDS));
    CHECK(!accepts(&job, c, AT_RANDOM_NEXT, UINT32_MAX));
    put_u32(c.bytes + AT_RANDOM_NEXT, next);
    CHECK(!accepts(&job, c, AT_RANDOM_NEXT + 4, 2)); // has_spare
    CHECK(accepts(&job, c, AT_RANDOM_NEXT + 4, 1) && accepts(&job, c, AT_RANDOM_NEXT + 4, 0));
    CHECK(!accepts(&job, c, AT_RANDOM_NEXT + 12, 0x7ff00000)); // the spare is infinite
    put_u32(c.bytes + AT_RANDOM_NEXT + 12, 0);
    CHECK(!accepts(&job, c, AT_COST + 4, 0x7ff80000) && !accepts(&job, c, AT_COST + 4, 0x7ff00000));
    CHECK(accepts(&job, c, AT_COST + 4, cost));
    CHECK(!accepts(&job, c, AT_COST - 4, 1));
    CHECK(accepts(&job, c, AT_COST - 4, 3)); // of the small build, or of this one
    put_u32(c.bytes + AT_COST - 4, 0);
    // From a state of zeros the generator draws no normal, however long it tries. All but the highest bit of
    // the next word does not count.
    memset(c.bytes + AT_RANDOM, 0, 4 * NNK_RANDOM_WORDS);
    CHECK(!accepts(&job, c, AT_RANDOM + 4 * next, 0) && !accepts(&job, c, AT_RANDOM + 4 * next, 1));
    CHECK(accepts(&job, c, AT_RANDOM + 4 * ((next + 1) % NNK_RANDOM_WORDS), 1));
    free(c.bytes);
    free(arena);
    release_data(d);
}

/// Whether a trainer is refused with a field of another value; it has its own again afterwards.
#define IS_UNSOUND_WITH(field, value) is_unsound_with(t, &job, &t->field, sizeof t->field, (double)(value))

static bool is_unsound_with(nnk_trainer *t, const nnk_job *job, void *field, size_t bytes, double value) {
    uint8_t before[sizeof(double)];
    const uint32_t number = value >= 0 && value <= UINT32_MAX ? (uint32_t)value : UINT32_MAX;
    memcpy(before, field, bytes);
    memcpy(field, bytes == sizeof number ? (const void *)&number : &value, bytes);
    const bool is_sound = nnk_trainer_sound(t, job);
    memcpy(field, before, bytes);
    CHECK(nnk_trainer_sound(t, job));
    return !is_sound;
}

/// Any word but the next one keeps a generator from giving zeros for ever.
static void test_sound_random(void) {
    uint32_t word[NNK_RANDOM_WORDS] = {0};
    for (uint32_t i = 0; i < NNK_RANDOM_WORDS; i++) {
        word[i] = 1;
        CHECK(nnk_random_sound(word, (i + 1) % NNK_RANDOM_WORDS, 0, 0) && !nnk_random_sound(word, i, 0, 0));
        word[i] = 0;
        CHECK(!nnk_random_sound(word, i, 0, 0));
    }
}

/// What a checkpoint may say in each field alone.
static void test_sound_fields(int32_t type) {
    data d = random_data(&topology, examples);
    const float weights[] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 1, 0, 1, 1, 1, 1, 1, 1};
    nnk_job job = job_with(type, NNK_DUAL, &d, 5);
    const double infinite = (double)INFINITY;
    uint8_t *arena = begun_and_stepped(&job, slices_to_loop(&job));
    nnk_trainer *t = (nnk_trainer *)(void *)arena;
    CHECK(nnk_trainer_sound(t, &job) && t->iteration == 1);
    CHECK(IS_UNSOUND_WITH(outcome, 1) && IS_UNSOUND_WITH(outcome, 2));
    CHECK(IS_UNSOUND_WITH(formed, 1) && IS_UNSOUND_WITH(projected, 1) && IS_UNSOUND_WITH(changed_at, 1));
    CHECK(IS_UNSOUND_WITH(unadjusted, 1) && IS_UNSOUND_WITH(left, 0.5));
    CHECK(IS_UNSOUND_WITH(kept_iteration, 4) && IS_UNSOUND_WITH(kept_iteration, 6));
    CHECK(IS_UNSOUND_WITH(best_cost, infinite) && IS_UNSOUND_WITH(held_out_cost, infinite));
    CHECK(IS_UNSOUND_WITH(held_out_cost, 0.5)); // no example is held out
    CHECK(IS_UNSOUND_WITH(cost, infinite) && IS_UNSOUND_WITH(cost_iteration, 1));
    free(arena);
    job.cost_every = 0; // no cost is due
    arena = begun_and_stepped(&job, slices_to_loop(&job));
    t = (nnk_trainer *)(void *)arena;
    CHECK(nnk_trainer_sound(t, &job) && IS_UNSOUND_WITH(cost, 0.5) && IS_UNSOUND_WITH(cost_iteration, 1));
    free(arena);
    job.cost_every = 2;
    job.weights = weights;
    job.keep_best = true;
    d.labels[0] = 0, d.labels[1] = 1;
    arena = begun_and_stepped(&job, slices_to_loop(&job));
    t = (nnk_trainer *)(void *)arena;
    CHECK(nnk_trainer_sound(t, &job) && IS_UNSOUND_WITH(kept_iteration, 6));
    CHECK(!IS_UNSOUND_WITH(held_out_cost, 0.5) && IS_UNSOUND_WITH(held_out_cost, infinite));
    free(arena);
    arena = begun(&job);
    t = (nnk_trainer *)(void *)arena;
    CHECK(IS_UNSOUND_WITH(kept_iteration, 4)); // none is kept before the first loss
    free(arena);
    job.keep_best = false;
    job.weights = NULL;
    job.capacity = examples + 1;
    arena = begun_and_stepped(&job, slices_to_loop(&job));
    t = (nnk_trainer *)(void *)arena;
    CHECK(nnk_trainer_sound(t, &job) && t->formed == examples && t->projected == examples);
    CHECK(IS_UNSOUND_WITH(formed, examples + 1) && IS_UNSOUND_WITH(formed, examples - 1));
    CHECK(IS_UNSOUND_WITH(projected, examples - 1) && IS_UNSOUND_WITH(changed_at, 2));
    CHECK(IS_UNSOUND_WITH(unadjusted, 1) && IS_UNSOUND_WITH(unadjusted, 2));
    CHECK(!IS_UNSOUND_WITH(left, 0) && !IS_UNSOUND_WITH(left, 0.5));
    CHECK(IS_UNSOUND_WITH(left, 1.5) && IS_UNSOUND_WITH(left, -0.5) && IS_UNSOUND_WITH(left, (double)NAN));
    CHECK(IS_UNSOUND_WITH(cost_iteration, 2) && IS_UNSOUND_WITH(cost, infinite));
    CHECK(IS_UNSOUND_WITH(iteration, 5) && IS_UNSOUND_WITH(phase, MODEL + 1));
    free(arena);
    arena = begun(&job); // in the setup, which comes again after a change
    t = (nnk_trainer *)(void *)arena;
    CHECK(!IS_UNSOUND_WITH(iteration, 5) && IS_UNSOUND_WITH(iteration, 6));
    CHECK(t->formed == 0 && !IS_UNSOUND_WITH(formed, examples) && IS_UNSOUND_WITH(formed, examples + 1));
    CHECK(IS_UNSOUND_WITH(projected, 1) && !IS_UNSOUND_WITH(unadjusted, 1) && IS_UNSOUND_WITH(unadjusted, 2));
    while (t->phase < ADJUST) nnk_train_step(&job, arena);
    CHECK(t->phase == ADJUST && t->formed == examples && t->projected == 0);
    CHECK(IS_UNSOUND_WITH(formed, examples - 1) && !IS_UNSOUND_WITH(projected, examples - 1));
    CHECK(!IS_UNSOUND_WITH(unadjusted, 1));
    free(arena);
    release_data(d);
}

/// A weight that is no number is neither saved nor loaded. Half-way through a file lies W1.
static void test_not_finite(int32_t type) {
    data d = random_data(&topology, examples);
    const nnk_job job = job_with(type, NNK_PRIMAL, &d, 3);
    uint8_t *arena = begun_and_stepped(&job, slices_to_loop(&job));
    file c = saved(&job, arena), none = {.room = c.room, .bytes = room_for(c.room)};
    memset(c.bytes + (c.size / 2 & ~(size_t)7), 0xff, 16);
    seal(&c);
    source s = source_of(&c);
    CHECK_EQUAL(load_over(&job, arena, &s), NNK_E_PAYLOAD);
    nnk_real *weights = (nnk_real *)(void *)(arena + sizeof(nnk_trainer)); // of the primal method
    const double good = get(weights, 9, type);
    put(weights, 9, (double)NAN, type);
    uint8_t *before = copy_of(arena, ENOUGH);
    CHECK_EQUAL(save_in(&job, arena, &none), NNK_E_DIVERGED);
    CHECK_SAME(arena, before, ENOUGH);
    CHECK_EQUAL(none.size, 0);
    put(weights, 9, good, type);
    CHECK_EQUAL(save_in(&job, arena, &none), NNK_OK);
    free(before);
    free(none.bytes);
    free(c.bytes);
    free(arena);
    release_data(d);
}

/// The same numbers in the generators that wait for rows of W1, which there are with so many examples.
static void test_waiting_generators(int32_t type) {
    data d = random_data(&topology, 60);
    const nnk_job job = job_with(type, NNK_DUAL, &d, 3);
    uint8_t *arena = begun(&job);
    nnk_random *first = copy_of(&((nnk_trainer *)(void *)arena)->random, sizeof *first);
    for (uint32_t i = 0; i < NNK_RANDOM_WORDS; i++)
        put_u32((uint8_t *)&first->word[i], first->word[i]); // as in the file
    CHECK(nnk_train_step(&job, arena) > 0);
    file c = saved(&job, arena);
    size_t at = AT_RANDOM_NEXT;
    while (at + sizeof *first < c.size && memcmp(c.bytes + at, first->word, sizeof first->word) != 0) at += 4;
    if (at + sizeof *first < c.size) { // the small build has none
        const size_t next = at + sizeof first->word;
        CHECK(accepts(&job, c, next, 0));
        CHECK(!accepts(&job, c, next, NNK_RANDOM_WORDS) && !accepts(&job, c, next, UINT32_MAX));
        put_u32(c.bytes + next, 0);
        CHECK(!accepts(&job, c, next + 4, 2));
        put_u32(c.bytes + next + 4, 0);
        memset(c.bytes + at, 0, sizeof first->word);
        CHECK(!accepts(&job, c, at, 1));
    }
    free(c.bytes);
    free(first);
    free(arena);
    release_data(d);
}

/// The small and the fast build form P and G in other pieces: neither goes on with the other's.
static void test_other_build(int32_t type) {
    data d = random_data(&topology, examples);
    const nnk_job job = job_with(type, NNK_DUAL, &d, 2);
    uint8_t *arena = begun(&job);
    do {
        file c = saved(&job, arena);
        const uint32_t phase = get_u32(c.bytes + AT_PHASE), build = get_u32(c.bytes + AT_COST - 4);
        CHECK(build == 0 || build == 3);
        const int is_forming = phase == 0 || phase == 4;
        CHECK(accepts(&job, c, AT_COST - 4, 3 - build) == !is_forming);
        free(c.bytes);
    } while (nnk_train_step(&job, arena) > 0);
    free(arena);
    // Once there is a Gram matrix, another example is one row more in either build.
    nnk_job open = job;
    open.capacity = examples;
    open.examples--;
    arena = begun(&open);
    CHECK_EQUAL(steps(&open, arena), NNK_OK);
    open.examples++;
    CHECK_EQUAL(nnk_train_again(&open, arena, false), NNK_OK);
    uint32_t of_gram = 0;
    do {
        file c = saved(&open, arena);
        const uint32_t phase = get_u32(c.bytes + AT_PHASE), build = get_u32(c.bytes + AT_COST - 4);
        CHECK(accepts(&open, c, AT_COST - 4, 3 - build) == (phase != PROJECT_ROWS));
        of_gram += phase == GRAM;
        free(c.bytes);
    } while (nnk_train_step(&open, arena) > 0);
    CHECK(of_gram > 0);
    free(arena);
    release_data(d);
}

/// A training does not resume with other labels, or with another image if its checksum was already computed.
static void test_other_data(int32_t type, int32_t method) {
    data d = random_data(&topology, examples);
    const uint32_t size = (uint32_t)topology.size[0];
    nnk_job job = job_with(type, method, &d, 3);
    uint8_t *arena = begun(&job);
    for (uint32_t digested = 0; nnk_train_step(&job, arena) > 0;) {
        file c = saved(&job, arena);
        const uint32_t image = random_below(examples), is_digest = get_u32(c.bytes + AT_PHASE) == 2;
        if (is_digest) digested = get_u32(c.bytes + AT_ITEM);
        if (get_u32(c.bytes + AT_PHASE) > 2) digested = examples;
        for (uint32_t is_read = 0; is_read < 2; is_read++) {
            nnk_job other = job;
            other.images = is_read ? read_in(&d) : mapped(&d);
            uint8_t *bit = d.images + image * size + random_below(size);
            *bit ^= 1;
            uint8_t *mine = new_arena();
            CHECK_EQUAL(load(&other, mine, &c), image < digested ? NNK_E_STATE : NNK_OK);
            CHECK(image >= digested || is_empty(&job, mine));
            *bit ^= 1;
            d.labels[image] ^= 1;
            CHECK_EQUAL(load(&other, mine, &c), NNK_E_STATE);
            d.labels[image] ^= 1;
            CHECK_EQUAL(load(&other, mine, &c), NNK_OK);
            free(mine);
        }
        free(c.bytes);
    }
    free(arena);
    release_data(d);
}

/// Each read of an image that is compared fails once, and is tried again.
static void test_failing_images(int32_t type, int32_t method) {
    data d = random_data(&topology, examples);
    nnk_job job = job_with(type, method, &d, 3);
    job.images = read_in(&d);
    uint8_t *arena = begun_and_stepped(&job, slices_to_loop(&job) + 1), *other = new_arena();
    file c = saved(&job, arena);
    for (uint32_t n = 1; n <= 2 * examples; n++) { // two patches each
        d.reader.calls = 0;
        d.reader.fail_at = n;
        source s = source_of(&c);
        nnk_checkpoint progress = {0, 0};
        uint32_t failed = 0;
        nnk_status status = NNK_MORE;
        while (status == NNK_MORE || (status == NNK_E_SOURCE && ++failed < 3))
            status = nnk_checkpoint_load(&job, other, ENOUGH, &progress, (nnk_reader){source_read, &s});
        CHECK_EQUAL(status, NNK_OK);
        CHECK_EQUAL(failed, 1);
        file again = saved(&job, other);
        CHECK_SAME_FILE(again, c);
        free(again.bytes);
    }
    free(c.bytes);
    free(arena);
    free(other);
    release_data(d);
}

#define OTHER(field, value)                                                                                  \
    do {                                                                                                     \
        nnk_job other = job;                                                                                 \
        other.field = (value);                                                                               \
        file none = {0};                                                                                     \
        source s = source_of(&c);                                                                            \
        CHECK_EQUAL(save_in(&other, arena, &none), NNK_E_STATE);                                             \
        CHECK_EQUAL(none.calls, 0);                                                                          \
        CHECK_EQUAL(load_over(&other, arena, &s), NNK_E_STATE);                                              \
        uint8_t *mine = copy_of(arena, ENOUGH);                                                              \
        CHECK_EQUAL(load(&other, mine, &c), NNK_E_STATE);                                                    \
        CHECK(is_empty(&job, mine));                                                                         \
        free(mine);                                                                                          \
    } while (0)

/// A job that differs in any number is another job.
static void test_other_jobs(int32_t type, int32_t method) {
    static const nnk_topology wider = {3, {202, 5, 3, 1}}, higher = {3, {201, 5, 4, 1}},
                              broader = {3, {201, 6, 3, 1}}, lower = {2, {201, 5, 1}},
                              deeper = {4, {201, 5, 3, 1, 1}}, same = {3, {201, 5, 3, 1}};
    data d = random_data(&topology, examples);
    nnk_job job = job_with(type, method, &d, 3);
    uint8_t *arena = begun_and_stepped(&job, slices_to_loop(&job) + 2);
    const file c = saved(&job, arena);
    OTHER(topology, &wider);
    OTHER(topology, &higher);
    OTHER(topology, &broader);
    OTHER(topology, &lower);
    OTHER(topology, &deeper);
    OTHER(arithmetic, arithmetic_at(NNK_F32 + NNK_F64 - type, 0));
    OTHER(method, methods[(method + 1) % 3]);
    OTHER(method, methods[(method + 2) % 3]);
    OTHER(initializer, NNK_INIT_SMALL);
    OTHER(seed, 2);
    OTHER(seed, 0x80000001);
    OTHER(iterations, 4);
    OTHER(iterations, 0);
    OTHER(cost_every, 0);
    OTHER(cost_every, 0x80000002);
    OTHER(examples, 18);
    OTHER(examples, 17);
    OTHER(learning_rate, 0.25);
    OTHER(learning_rate, nextafter(0.5, 1));
    // The same job in other words.
    nnk_job equal = job;
    equal.topology = &same;
    equal.initializer = NNK_INIT_DEEP;
    CHECK_EQUAL(load(&equal, arena, &c), NNK_OK);
    free(c.bytes);
    free(arena);
    release_data(d);
}

static void test_models(int32_t type, int32_t method) {
    data d = random_data(&topology, examples);
    const nnk_job job = job_with(type, method, &d, 3);
    uint8_t *arena = begun_and_stepped(&job, slices_to_loop(&job));
    const file c = saved(&job, arena), model = train(&job);
    source s = source_of(&model);
    nnk_model m;
    nnk_job_numbers numbers;
    uint32_t crc;
    CHECK_EQUAL(load_over(&job, arena, &s), NNK_E_KIND);
    CHECK_EQUAL(nnk_checkpoint_peek(model.bytes, &numbers, &crc), NNK_E_KIND);
    CHECK_EQUAL(nnk_model_open(&m, c.bytes, c.size, &topology), NNK_E_KIND);
    CHECK_EQUAL(nnk_model_peek(&m, c.bytes, &topology), NNK_E_KIND);
    CHECK_EQUAL(nnk_model_open(&m, model.bytes, model.size, &topology), NNK_OK);
    free(c.bytes);
    free(model.bytes);
    free(arena);
    release_data(d);
}

// Arguments.

static nnk_status load_at(const nnk_job *job, uint8_t *arena, size_t bytes, const file *c) {
    source s = source_of(c);
    nnk_checkpoint progress = {0, 0};
    return nnk_checkpoint_load(job, arena, bytes, &progress, (nnk_reader){source_read, &s});
}

static void test_arguments(int32_t type, int32_t method) {
    data d = random_data(&topology, examples);
    const nnk_job job = job_with(type, method, &d, 3);
    uint8_t *arena = begun_and_stepped(&job, slices_to_loop(&job));
    const file c = saved(&job, arena);
    const size_t bytes = nnk_train_bytes(&job);
    uint8_t *before = copy_of(arena, ENOUGH);
    nnk_checkpoint progress = {0, 0};
    source s = source_of(&c);
    for (size_t b = 0; b < bytes; b += b < 100 || b + 100 > bytes ? 1 : 97)
        CHECK_EQUAL(load_at(&job, arena, b, &c), NNK_E_MEMORY);
    for (size_t by = 1; by < 8; by++) CHECK_EQUAL(load_at(&job, arena + by, bytes, &c), NNK_E_ALIGN);
    CHECK_EQUAL(load_at(&job, NULL, bytes, &c), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_checkpoint_load(&job, arena, bytes, &progress, (nnk_reader){0}), NNK_E_ARGUMENT);
    CHECK_EQUAL(load_at(NULL, arena, bytes, &c), NNK_E_ARGUMENT);
    nnk_job bad = job;
    bad.learning_rate = 0;
    CHECK_EQUAL(nnk_checkpoint_bytes(&bad), 0);
    CHECK_EQUAL(load_at(&bad, arena, bytes, &c), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_checkpoint_bytes(NULL), 0);
    progress.position = (uint32_t)c.size;
    CHECK(nnk_checkpoint_load(&job, arena, bytes, &progress, (nnk_reader){source_read, &s}) < 0);
    CHECK_EQUAL(s.calls, 0);
    CHECK_SAME(arena, before, ENOUGH); // not a byte of it all
    progress = (nnk_checkpoint){0, 0};
    CHECK_EQUAL(nnk_checkpoint_save(&job, arena, &progress, (nnk_sink){0}), NNK_E_ARGUMENT);
    file none = {0};
    progress.position = (uint32_t)c.size;
    CHECK_EQUAL(nnk_checkpoint_save(&job, arena, &progress, sink_of(&none)), NNK_E_ARGUMENT);
    CHECK_EQUAL(none.calls, 0);
    memset(arena, 0, ENOUGH);
    CHECK(is_empty(&job, arena));
    memset(arena, 0xff, ENOUGH);
    CHECK(is_empty(&job, arena));
    free(before);
    free(c.bytes);
    free(arena);
    release_data(d);
}

/// So many examples that the length of a checkpoint would not fit its field.
static void test_too_large(void) {
    const data d = {.labels = (uint8_t[]){0}, .images = (uint8_t[]){0}};
    nnk_job job = job_of(&topology, &nnk_f64, &d, 1);
    job.method = &nnk_dual_wide;
    job.examples = NNK_MAX_EXAMPLES;
    CHECK_EQUAL(nnk_checkpoint_bytes(&job), 0);
    job.examples = 18000; // 2.6 GB: it may be half of what the field holds
    CHECK_EQUAL(nnk_checkpoint_bytes(&job), 0);
    job.examples = 15000; // 1.8 GB
    CHECK(nnk_checkpoint_bytes(&job) > 0 || sizeof(size_t) == 4);
    job.examples = 1;
    CHECK(nnk_checkpoint_bytes(&job) > NNK_HEADER_BYTES + sizeof(nnk_random));
}

/// A training that has diverged cannot be saved.
static void test_divergence(int32_t type, int32_t method) {
    uint32_t diverged = 0;
    for (uint32_t seed = 1; seed <= 10; seed++) {
        data d = random_data(&topology, examples);
        nnk_job job = job_with(type, method, &d, 30);
        job.learning_rate = type == NNK_F32 ? 1e30 : 1e300;
        job.seed = seed;
        uint8_t *arena = begun(&job);
        if (steps(&job, arena) == NNK_E_DIVERGED) {
            file none = {0};
            diverged++;
            for (int again = 0; again < 2; again++) CHECK_EQUAL(save_in(&job, arena, &none), NNK_E_DIVERGED);
            CHECK_EQUAL(none.calls, 0);
            CHECK_EQUAL(nnk_train_step(&job, arena), NNK_E_DIVERGED);
        }
        free(arena);
        release_data(d);
    }
    CHECK(diverged > 0);
}

/// Other numbers of 4 bytes under a right checksum: the header's examples, and behind the header options and
/// what they stand for. Each row has one of them, or two that stand together.
static void test_peeked_words(const uint8_t *start) {
    enum { COSTS = NNK_HEADER_BYTES, OPTIONS = COSTS + 4, START = OPTIONS + 4, CAPACITY = START + 4 };
    enum { ROW = CAPACITY + 8, PIXEL = ROW + 4, DECAY = ROW + 8, BEST = NNK_OPTION_KEEP_BEST };
    static const struct {
        uint32_t at, value, other_at, other;
        nnk_status status;
    } rows[] = {
        {28, 0, 28, 0, NNK_E_HEADER},
        {28, NNK_MAX_EXAMPLES, 28, NNK_MAX_EXAMPLES, NNK_OK},
        {28, NNK_MAX_EXAMPLES + 1, 28, NNK_MAX_EXAMPLES + 1, NNK_E_HEADER},
        {OPTIONS, NNK_OPTION_JUDGED, START, 0, NNK_E_HEADER},
        {OPTIONS, 512, START, 0, NNK_E_HEADER},
        {OPTIONS, 1u << 31, START, 0, NNK_E_HEADER},
        {OPTIONS, BEST, START, 0, NNK_E_HEADER},
        {OPTIONS, BEST | NNK_OPTION_WEIGHTS, START, 0, NNK_OK},
        {OPTIONS, BEST | NNK_OPTION_WEIGHTS, COSTS, 0, NNK_E_HEADER},
        {OPTIONS, NNK_OPTION_START, START, 1, NNK_OK},
        {OPTIONS, 0, START, 1, NNK_E_HEADER},
        {CAPACITY, 18, 28, 18, NNK_OK},
        {CAPACITY, 18, 28, 19, NNK_E_HEADER},
        {CAPACITY, NNK_MAX_EXAMPLES, 28, 19, NNK_OK},
        {CAPACITY, NNK_MAX_EXAMPLES + 1, 28, 19, NNK_E_HEADER},
        {OPTIONS, NNK_OPTION_MIRRORED, PIXEL, 0, NNK_E_HEADER},
        {OPTIONS, 0, ROW, 201, NNK_E_HEADER},
        {OPTIONS, 0, PIXEL, 3, NNK_E_HEADER},
        {OPTIONS, NNK_OPTION_DECAY, DECAY + 4, 0, NNK_E_HEADER},
        {OPTIONS, NNK_OPTION_DECAY, DECAY + 4, 0x3ff00000, NNK_OK}, // 1
        {OPTIONS, NNK_OPTION_DECAY, DECAY + 4, 0x7ff00000, NNK_E_HEADER},
        {OPTIONS, 0, DECAY, 1, NNK_E_HEADER},
        {OPTIONS, 0, DECAY + 4, 0x7ff00000, NNK_E_HEADER},
        {OPTIONS, 0, DECAY + 4, 0x7ff80000, NNK_E_HEADER},
        {OPTIONS, 0, DECAY + 4, 0xbff00000, NNK_E_HEADER},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t changed[NNK_CHECKPOINT_START_BYTES];
        nnk_job_numbers numbers;
        uint32_t crc;
        memcpy(changed, start, sizeof changed);
        put_u32(changed + rows[i].at, rows[i].value);
        put_u32(changed + rows[i].other_at, rows[i].other);
        put_u32(changed + AT_HEADER_CRC, nnk_crc32(0, changed, AT_HEADER_CRC));
        CHECK_EQUAL(nnk_checkpoint_peek(changed, &numbers, &crc), rows[i].status);
    }
}

static void test_peek(int32_t type, int32_t method) {
    data d = random_data(&topology, examples);
    nnk_job job = job_with(type, method, &d, 0x80000003);
    job.seed = 0xfedcba98;
    job.cost_every = 0x87654321;
    job.learning_rate = 0.1;
    uint8_t *arena = begun_and_stepped(&job, slices_to_loop(&job));
    const file c = saved(&job, arena);
    uint8_t start[NNK_CHECKPOINT_START_BYTES]; // and not a byte more
    memcpy(start, c.bytes, sizeof start);
    nnk_job_numbers numbers;
    uint32_t crc = 0;
    CHECK_EQUAL(nnk_checkpoint_peek(start, &numbers, &crc), NNK_OK);
    CHECK(nnk_topology_equal(&numbers.topology, &topology));
    CHECK_EQUAL(numbers.dtype, type);
    CHECK_EQUAL(numbers.method, method);
    CHECK_EQUAL(numbers.initializer, NNK_INIT_DEEP);
    CHECK_EQUAL(numbers.seed, 0xfedcba98);
    CHECK_EQUAL(numbers.iterations, 0x80000003);
    CHECK_EQUAL(numbers.cost_every, 0x87654321);
    CHECK_EQUAL(numbers.examples, examples);
    CHECK(numbers.learning_rate == 0.1);
    CHECK(crc == nnk_crc32(nnk_crc32(0, d.labels, examples), d.images, (size_t)examples * 201));
    // Numbers that no job has, under a right checksum: of the initializer, the method and the learning rate.
    static const uint8_t changes[][2] = {{9, 0},    {9, 3},     {9, 255},  {10, 3},
                                         {10, 255}, {55, 0xbf}, {55, 0x7f}};
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        uint8_t changed[sizeof start];
        memcpy(changed, start, sizeof start);
        changed[changes[i][0]] = changes[i][1];
        if (changes[i][0] == 55) changed[54] = 0xf0; // negative; infinite or NaN
        put_u32(changed + AT_HEADER_CRC, nnk_crc32(0, changed, AT_HEADER_CRC));
        CHECK_EQUAL(nnk_checkpoint_peek(changed, &numbers, &crc), NNK_E_HEADER);
    }
    test_peeked_words(start);
    free(c.bytes);
    free(arena);
    release_data(d);
}

int main(void) {
    test_sound_random();
    test_too_large();
    FOR_EACH_TYPE(type) FOR_EACH_METHOD(method) {
        data d = random_data(&topology, examples);
        const nnk_job job = job_with(type, method, &d, 3);
        for (uint32_t iterations = 0; iterations <= 3; iterations += 3)
            test_every_slice(type, method, iterations);
        test_chain(type, method);
        if (type == NNK_F32) test_class_names(method);
        test_watching_sink(type, method);
        test_failing_sink(type, method);
        test_failing_reader(type, method);
        test_trying_again(type, method);
        test_start(type, method);
        test_cut_off(type, method);
        test_flips(type, method, 2);
        test_flips(type, method, slices_to_loop(&job) + 1);
        test_other_contents(type, method);
        for (uint32_t iterations = 0; iterations <= 3; iterations += 3)
            test_counters(type, method, iterations);
        test_other_numbers(type, method);
        if (method == NNK_DUAL) test_other_build(type);
        if (method == NNK_DUAL) test_waiting_generators(type);
        if (method == NNK_PRIMAL) test_not_finite(type);
        test_sound_fields(type);
        test_other_data(type, method);
        test_failing_images(type, method);
        test_other_jobs(type, method);
        test_models(type, method);
        test_arguments(type, method);
        test_divergence(type, method);
        test_peek(type, method);
        release_data(d);
    }
    return check_end();
}
