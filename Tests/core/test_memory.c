/// The caller's memory: how much is needed, what is refused, and that nothing outside of it is touched.
#include "jobs.h"

#include "arena.h" // last: variables in jobs.h have the name of its type

// Guard pages need an operating system.
#if defined(__unix__) || defined(__APPLE__)
#include <sys/mman.h>
#include <unistd.h>
#define HAS_GUARDS 1
#else
#define HAS_GUARDS 0
#endif

// How much.

_Alignas(8) static uint8_t an_arena[NNK_DUAL_BYTES(TWO_LAYER, 4, 5)]; // a constant expression
_Static_assert(NNK_PRIMAL_BYTES(DEEP, 8, 209) > 12288 * 20 * 8, "W1 lies in it");
_Static_assert(NNK_DUAL_WIDE_BYTES(DEEP, 8, 209) > 12288 * 20 * 8, "W1 lies in it");
_Static_assert(NNK_DUAL_BYTES(DEEP, 4, 209) <= 116 * 1024, "what boards have");
_Static_assert(NNK_DUAL_BYTES(DEEP, 8, 209) <= 184 * 1024, "what boards have");

/// What the macros give for one of the given networks.
#define BYTES_OF(network, method, real, m)                                                                   \
    ((method) == NNK_PRIMAL ? NNK_PRIMAL_BYTES(network, real, m)                                             \
     : (method) == NNK_DUAL ? NNK_DUAL_BYTES(network, real, m)                                               \
                            : NNK_DUAL_WIDE_BYTES(network, real, m))

/// What the macros give for any network.
static size_t macro_bytes(const nnk_topology *t, int32_t method, size_t real, size_t m) {
    int32_t s[NNK_MAX_LAYERS + 1] = {0};
    memcpy(s, t->size, ((size_t)t->layers + 1) * sizeof s[0]);
#define SIZES (s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7])
    if (method == NNK_PRIMAL) return NNK_PRIMAL_BYTES_OF(SIZES, real, m);
    if (method == NNK_DUAL) return NNK_DUAL_BYTES_OF(SIZES, real, m);
    return NNK_DUAL_WIDE_BYTES_OF(SIZES, real, m);
#undef SIZES
}

/// A job without data, for its sizes.
static nnk_job job_for(const nnk_topology *t, int32_t type, int32_t method, uint32_t m) {
    const data d = {.labels = (uint8_t[]){0}, .images = (uint8_t[]){0}};
    nnk_job job = job_of(t, arithmetic_at(type, 0), &d, 1);
    job.method = methods[method];
    job.examples = m;
    return job;
}

static size_t asked_bytes(const nnk_topology *t, int32_t type, int32_t method, uint32_t m) {
    const nnk_job job = job_for(t, type, method, m);
    return nnk_train_bytes(&job);
}

static void test_sizes(int32_t type) {
    const size_t real = bytes_of(1, type);
    FOR_EACH_METHOD(method)
    for (uint32_t m = 1; m <= 1024; m++) {
        CHECK_EQUAL(asked_bytes(&nnk_deep, type, method, m), BYTES_OF(DEEP, method, real, m));
        CHECK_EQUAL(asked_bytes(&nnk_two_layer, type, method, m), BYTES_OF(TWO_LAYER, method, real, m));
    }
    for (size_t i = 0; i < TOPOLOGIES; i++) FOR_EACH_METHOD_OF(method, &topologies[i])
    for (uint32_t m = 1; m <= 1024; m++)
        CHECK_EQUAL(asked_bytes(&topologies[i], type, method, m),
                    macro_bytes(&topologies[i], method, real, m));
    CHECK_EQUAL(asked_bytes(&nnk_deep, type, NNK_PRIMAL, NNK_MAX_EXAMPLES),
                NNK_PRIMAL_BYTES(DEEP, real, NNK_MAX_EXAMPLES));
}

/// An array of the size that the macro gives is large enough for a trainer.
static void test_array(void) {
    data d = random_data(&nnk_two_layer, 5);
    nnk_job job = job_of(&nnk_two_layer, &nnk_f32, &d, 0);
    job.method = &nnk_dual;
    CHECK_EQUAL(nnk_train_begin(&job, an_arena, sizeof an_arena), NNK_OK);
    release_data(d);
}

// What is refused.

/// Counts the sizes from `from` to `to`, all too small, that nnk_train_begin accepts.
static uint32_t accepted(const nnk_job *job, uint8_t *memory, size_t from, size_t to) {
    uint32_t count = 0;
    for (size_t b = from; b < to; b++) count += nnk_train_begin(job, memory, b) != NNK_E_MEMORY;
    return count;
}

/// Counts the accepted sizes below `bytes`: of all or, if there are many, of the last 4096 and those near the
/// boundaries of parts.
static uint32_t accepted_below(const nnk_job *job, uint8_t *memory, size_t bytes) {
    enum { MANY = 1 << 18, LAST = 4096, BESIDE = 8 };
    if (bytes <= MANY) return accepted(job, memory, 0, bytes);
    uint32_t count = accepted(job, memory, bytes - LAST, bytes);
    arena a;
    nnk_carve(job, memory, &a);
    const void *parts[] = {a.parameters, a.activations, a.logits, a.deltas,
                           a.gram,       a.scratch,     a.bytes,  a.products};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        const size_t at = parts[i] ? (size_t)((const uint8_t *)parts[i] - memory) : BESIDE;
        count += accepted(job, memory, at - BESIDE, at + BESIDE < bytes ? at + BESIDE : bytes);
    }
    return count;
}

/// Every smaller size and every other alignment is refused, and then nothing is written.
static void test_refused(const nnk_topology *t, int32_t type, int32_t method, uint32_t m) {
    uint8_t *labels = room_for(m);
    memset(labels, 0, m);
    nnk_job job = job_for(t, type, method, m);
    job.labels = labels;
    const size_t bytes = nnk_train_bytes(&job);
    uint8_t *memory = room_for(bytes + 8), *untouched = room_for(bytes + 8);
    memset(memory, 0xa5, bytes + 8);
    memset(untouched, 0xa5, bytes + 8);
    CHECK_EQUAL(accepted_below(&job, memory, bytes), 0);
    for (size_t by = 1; by < 8; by++) CHECK_EQUAL(nnk_train_begin(&job, memory + by, bytes), NNK_E_ALIGN);
    CHECK_SAME(memory, untouched, bytes + 8);
    CHECK_EQUAL(nnk_train_begin(&job, memory, bytes), NNK_OK);
    free(memory);
    free(untouched);
    free(labels);
}

// What is touched.

#if HAS_GUARDS
/// Memory between two pages that must not be touched, next to the first or to the second.
typedef struct guarded {
    uint8_t *bytes, *map;
    size_t count, pages;
} guarded;

static guarded guarded_room(size_t count, int at_end) {
    const size_t page = (size_t)sysconf(_SC_PAGESIZE), pages = (count + page - 1) / page * page;
    uint8_t *map = mmap(NULL, pages + 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (map == MAP_FAILED || mprotect(map, page, PROT_NONE) ||
        mprotect(map + page + pages, page, PROT_NONE)) {
        printf("no guard pages around %lu bytes\n", (unsigned long)count);
        exit(1);
    }
    memset(map + page, 0xa5, pages);
    return (guarded){map + page + (at_end ? pages - count : 0), map, count, pages};
}

/// The rest of the pages must be unchanged.
static void release_guarded(guarded g) {
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t written = 0;
    for (uint8_t *b = g.map + page; b < g.map + page + g.pages; b++)
        written += (b < g.bytes || b >= g.bytes + g.count) && *b != 0xa5;
    CHECK_EQUAL(written, 0);
    munmap(g.map, g.pages + 2 * page);
}

static nnk_status file_read(void *context, uint32_t offset, uint32_t count, uint8_t *out) {
    const file *f = context;
    if (!CHECK(offset <= f->size && count <= f->size - offset)) return NNK_E_SOURCE;
    memcpy(out, f->bytes + offset, count);
    return NNK_OK;
}

/// Saves a checkpoint, overwrites the arena, and loads it again.
static void through_checkpoint(const nnk_job *job, uint8_t *room, size_t bytes) {
    file f = {.room = nnk_checkpoint_bytes(job)};
    f.bytes = room_for(f.room);
    nnk_checkpoint progress = {0, 0};
    while (nnk_checkpoint_save(job, room, &progress, sink_of(&f)) > 0) {
    }
    CHECK_EQUAL(f.size, f.room);
    memset(room, 0x5a, bytes);
    progress = (nnk_checkpoint){0, 0};
    nnk_status status;
    while ((status = nnk_checkpoint_load(job, room, bytes, &progress, (nnk_reader){file_read, &f})) > 0) {
    }
    CHECK_EQUAL(status, NNK_OK);
    free(f.bytes);
}

/// Does the next slices: all that are independent of each other, or one.
static nnk_status next_slices(const nnk_job *job, uint8_t *room, void *scratch) {
    const uint32_t items = scratch ? nnk_train_parallel(job, room) : 0;
    if (items == 0) return nnk_train_step(job, room);
    for (uint32_t i = 0; i < items; i++) CHECK_EQUAL(nnk_train_items(job, room, i, 1, scratch), NNK_MORE);
    return nnk_train_advance(job, room, items);
}

/// A whole run with checkpoints, each after four times as many slices as the last.
static void guarded_training(const nnk_job *job, int at_end, int in_items, const file *want) {
    const size_t bytes = nnk_train_bytes(job), scratch_bytes = in_items ? nnk_train_scratch_bytes(job) : 0;
    const guarded room = guarded_room(bytes, at_end), scratch = guarded_room(scratch_bytes, at_end);
    CHECK_EQUAL(nnk_train_begin(job, room.bytes, bytes), NNK_OK);
    nnk_status status = NNK_MORE;
    for (uint32_t i = 0; status > 0; i++) {
        if (((i + 1) & i) == 0 && i % 3 == 0) through_checkpoint(job, room.bytes, bytes);
        status = next_slices(job, room.bytes, scratch_bytes ? scratch.bytes : NULL);
    }
    CHECK_EQUAL(status, NNK_OK);
    file got = new_file(job);
    CHECK_EQUAL(finish(job, room.bytes, &got), NNK_OK);
    CHECK_SAME_FILE(got, *want);
    free(got.bytes);
    release_guarded(room);
    release_guarded(scratch);
}

/// Classifies one image in pieces. The model lies between guards too.
static void guarded_prediction(const nnk_topology *t, const nnk_inference *k, const guarded *image,
                               int at_end, const file *want) {
    // A model is aligned to 8 bytes, so there may be 4 unused bytes at its end.
    const guarded copy = guarded_room((want->size + 7) / 8 * 8, at_end);
    memcpy(copy.bytes, want->bytes, want->size);
    nnk_model model;
    CHECK_EQUAL(nnk_model_open(&model, copy.bytes, want->size, t), NNK_OK);
    nnk_model_to_native(&model, copy.bytes);
    const size_t bytes = nnk_predict_bytes(t, k), size = (size_t)t->size[0];
    const guarded memory = guarded_room(bytes, at_end);
    double whole = -1, in_pieces = -2;
    CHECK_EQUAL(nnk_predict_begin(memory.bytes, bytes, &model, k), NNK_OK);
    CHECK_EQUAL(nnk_predict_feed(memory.bytes, image->bytes, size), NNK_OK);
    CHECK_EQUAL(nnk_predict_finish(memory.bytes, &whole), NNK_OK);
    CHECK_EQUAL(nnk_predict_begin(memory.bytes, bytes, &model, k), NNK_OK);
    for (size_t at = 0, piece; at < size; at += piece) {
        piece = size - at < 37 ? size - at : 37;
        CHECK_EQUAL(nnk_predict_feed(memory.bytes, image->bytes + at, piece), NNK_OK);
    }
    CHECK_EQUAL(nnk_predict_finish(memory.bytes, &in_pieces), NNK_OK);
    CHECK(whole == in_pieces);
    release_guarded(memory);
    release_guarded(copy);
}

/// Trains and predicts with all memory between guards. Small networks try all combinations; for large ones,
/// images are read next to the first guard and mapped next to the second.
static void test_guards(const nnk_topology *t, int32_t type, int32_t method, uint32_t m,
                        uint32_t iterations) {
    const int is_small = t->size[0] <= 400;
    data d = random_data(t, m);
    FOR_EACH_ARITHMETIC(k, type) {
        nnk_job job = job_of(t, k, &d, iterations);
        job.method = methods[method];
        file want = train(&job);
        for (int at_end = 0; at_end <= 1; at_end++) {
            const guarded images = guarded_room((size_t)m * d.reader.size, at_end);
            memcpy(images.bytes, d.images, images.count);
            job.images = read_in(&d);
            if (is_small || !at_end) guarded_training(&job, at_end, 0, &want);
            job.images = (nnk_source){.images = images.bytes};
            if (is_small || at_end) guarded_training(&job, at_end, 1, &want);
            if (is_small) guarded_training(&job, at_end, 0, &want);
            release_guarded(images);

            const guarded image = guarded_room(d.reader.size, at_end);
            memcpy(image.bytes, d.images, image.count);
            guarded_prediction(t, type == NNK_F32 ? &nnk_f32_inference : &nnk_f64_inference, &image, at_end,
                               &want);
            guarded_prediction(t, nnk_fastest_inference(type), &image, at_end, &want);
            release_guarded(image);
        }
        free(want.bytes);
    }
    release_data(d);
}
#endif

int main(void) {
    test_array();
    FOR_EACH_TYPE(type) {
        test_sizes(type);
        for (size_t i = 0; i < TOPOLOGIES; i++) FOR_EACH_METHOD_OF(method, &topologies[i])
        for (uint32_t m = 1; m <= 35; m += 17) test_refused(&topologies[i], type, method, m);
        FOR_EACH_METHOD(method)
        test_refused(&nnk_deep, type, method, 209);
#if HAS_GUARDS
        for (size_t i = 0; i < TOPOLOGIES; i++) FOR_EACH_METHOD_OF(method, &topologies[i])
        for (uint32_t m = 1; m <= 35; m += 17)
            if (check_takes(i * 64 + m)) test_guards(&topologies[i], type, method, m, 2);
        FOR_EACH_METHOD_OF(method, &nnk_deep) {
            test_guards(&(nnk_topology){2, {7, NNK_MAX_UNITS, 1}}, type, method, 17, 1);
            if (check_takes((uint32_t)method)) test_guards(&nnk_deep, type, method, 5, 1);
        }
        if (check_takes(0)) test_guards(&nnk_two_layer, type, NNK_PRIMAL, 300, 1);
#endif
    }
    return check_end();
}
