/// Numbers that are not finite: no model, checkpoint or prediction has one that it passes for good.
#include "jobs.h"
#include "layout.h"
#include "little_endian.h"

#include "arena.h" // its types have names of variables in jobs.h

static const nnk_topology small = {3, {50, 4, 3, 1}};

enum { EXAMPLES = 20, SCALES_OF_SMALL = 4 };

static nnk_job small_job(const data *d, int32_t type, int32_t method) {
    nnk_job job = job_of(&small, type == NNK_F32 ? &nnk_f32 : &nnk_f64, d, 6);
    job.method = methods[method];
    return job;
}

static file small_model(int32_t type) {
    data d = random_data(&small, EXAMPLES);
    const nnk_job job = small_job(&d, type == NNK_F64 ? NNK_F64 : NNK_F32, NNK_PRIMAL);
    file f = train(&job);
    release_data(d);
    if (type != NNK_I8) return f;
    const nnk_model m = opened(&f, &small);
    file q = {.room = nnk_model_bytes(&small, NNK_I8)};
    q.bytes = room_for(q.room);
    CHECK_EQUAL(nnk_model_quantize(&m, sink_of(&q)), NNK_OK);
    free(f.bytes);
    return q;
}

static void seal(file *f) {
    put_u32(f->bytes + 36, nnk_crc32(0, f->bytes + 64, f->size - 64));
    put_u32(f->bytes + 60, nnk_crc32(0, f->bytes, 60));
}

/// The bits of reals, for each type: the smallest and largest that are no numbers, then some that are.
typedef struct bits {
    uint64_t bad[8], good[6];
} bits;

static const bits bits_of_float = {
    {0x7f800000, 0xff800000, 0x7f800001, 0xff800001, 0x7fc00000, 0xffc00000, 0x7fffffff, 0xffffffff},
    {0x7f7fffff, 0xff7fffff, 0x80000000, 1, 0x807fffff, 0x7e967699}}; // the last is 1e38
static const bits bits_of_double = {
    {0x7ff0000000000000, 0xfff0000000000000, 0x7ff0000000000001, 0xfff0000000000001, 0x7ff8000000000000,
     0xfff8000000000000, 0x7fffffffffffffff, 0xffffffffffffffff},
    {0x7fefffffffffffff, 0xffefffffffffffff, 0x8000000000000000, 1, 0x800fffffffffffff, 0x47d2ced32a16a1b1}};

static void put_bits(uint8_t *to, uint64_t value, uint32_t real) {
    for (uint32_t b = 0; b < real; b++) to[b] = (uint8_t)(value >> 8 * b);
}

static nnk_status status_with(file *f, uint32_t at, uint64_t value, uint32_t real) {
    uint8_t kept[8];
    memcpy(kept, f->bytes + at, real);
    put_bits(f->bytes + at, value, real);
    seal(f);
    const nnk_status status = open_status(f->bytes, f->size, &small);
    memcpy(f->bytes + at, kept, real);
    return status;
}

/// Every parameter that is no number is found, by every way to open a model; every number is let in, but for
/// a scale with a sign.
static void test_models(int32_t type) {
    file f = small_model(type);
    const uint32_t real = type == NNK_F64 ? 8 : 4, count = nnk_parameter_count(&small);
    const uint32_t reals = type == NNK_I8 ? SCALES_OF_SMALL + count - 4 * 50 : count;
    const bits *all = type == NNK_F64 ? &bits_of_double : &bits_of_float;
    for (uint32_t i = 0; i < reals; i++) {
        const uint32_t at = NNK_HEADER_BYTES + i * real;
        const bool is_scale = type == NNK_I8 && i < SCALES_OF_SMALL;
        for (size_t b = 0; b < sizeof all->bad / sizeof all->bad[0]; b++)
            CHECK_EQUAL(status_with(&f, at, all->bad[b], real), NNK_E_PARAMETER);
        for (size_t g = 0; g < sizeof all->good / sizeof all->good[0]; g++) {
            const bool is_negative = all->good[g] >> (8 * real - 1) & 1;
            CHECK_EQUAL(status_with(&f, at, all->good[g], real),
                        is_scale && is_negative ? NNK_E_PARAMETER : NNK_OK);
        }
    }
    // Bytes behind the reals are not taken for some.
    const uint32_t behind = NNK_HEADER_BYTES + reals * real, last_of_names = NNK_CLASS_NAME_BYTES;
    for (size_t at = behind; at < f.size; at++)
        if ((f.size - at) % last_of_names != 1) f.bytes[at] = 0xff;
    f.bytes[f.size - 1] = f.bytes[f.size - 1 - last_of_names] = 0;
    seal(&f);
    CHECK_EQUAL(open_status(f.bytes, f.size, &small), NNK_OK);
    // The checksum comes first.
    put_bits(f.bytes + NNK_HEADER_BYTES, all->bad[0], real);
    CHECK_EQUAL(open_status(f.bytes, f.size, &small), NNK_E_PAYLOAD);
    free(f.bytes);
}

/// No parameter that is no number is written.
static void test_write(int32_t type) {
    file f = small_model(type), out = {.room = f.size};
    out.bytes = room_for(out.room);
    const nnk_model m = opened(&f, &small);
    const uint32_t real = type == NNK_F64 ? 8 : 4, count = nnk_parameter_count(&small);
    const uint32_t reals = type == NNK_I8 ? SCALES_OF_SMALL + count - 4 * 50 : count;
    const double bad[] = {(double)NAN, (double)INFINITY, -(double)INFINITY, -1};
    const int32_t real_type = type == NNK_F64 ? NNK_F64 : NNK_F32;
    for (uint32_t i = 0; i < reals; i++)
        for (size_t b = 0; b < sizeof bad / sizeof bad[0]; b++) {
            void *parameters = f.bytes + NNK_HEADER_BYTES;
            const double kept = get(parameters, i, real_type);
            const bool is_good = bad[b] == -1 && !(type == NNK_I8 && i < SCALES_OF_SMALL);
            put(parameters, i, bad[b], real_type);
            out.size = 0;
            CHECK_EQUAL(nnk_model_write(&m, sink_of(&out)), is_good ? NNK_OK : NNK_E_PARAMETER);
            CHECK((out.size > 0) == is_good); // the header is written last
            put(parameters, i, kept, real_type);
        }
    CHECK_EQUAL((long)real, (long)bytes_of(1, real_type));
    free(f.bytes);
    free(out.bytes);
}

// ---- Predictions that overflow ----------------------------------------------------------------------------

static nnk_status predicted(const nnk_inference *k, const nnk_model *m, const uint8_t *x, double *p) {
    const size_t bytes = nnk_predict_bytes(m->topology, k);
    void *memory = room_for(bytes);
    nnk_status status = nnk_predict_begin(memory, bytes, m, k);
    if (status == NNK_OK) status = nnk_predict_feed(memory, x, (size_t)m->topology->size[0]);
    if (status == NNK_OK) status = nnk_predict_finish(memory, p);
    free(memory);
    return status;
}

/// A logit of any layer that overflows is an error, also where relu would hide it: -infinity in a hidden
/// layer, a weight of 0 behind it, and an infinite last logit, whose probability would be 0 or 1.
static void test_overflow(int32_t type) {
    file f = small_model(type);
    const nnk_model m = opened(&f, &small);
    uint8_t x[50];
    memset(x, 255, sizeof x);
    const double huge = type == NNK_F64 ? DBL_MAX : (double)FLT_MAX;
    const int32_t real_type = type == NNK_F64 ? NNK_F64 : NNK_F32;
    const nnk_inference *const all[] = {nnk_fastest_inference(type), type == NNK_F32   ? &nnk_f32_inference
                                                                     : type == NNK_F64 ? &nnk_f64_inference
                                                                                       : &nnk_i8_inference};
    for (size_t i = 0; i < 2; i++)
        for (int32_t l = 1; l <= small.layers; l++)
            for (int32_t sign = -1; sign <= 1; sign += 2) {
                double p = -1;
                CHECK_EQUAL(predicted(all[i], &m, x, &p), NNK_OK);
                CHECK(p >= 0 && p <= 1);
                // In layer 1 the weights; above, a bias, which the sum of a large activation carries over.
                void *w = (void *)(uintptr_t)nnk_model_weights(&m, l),
                     *b = (void *)(uintptr_t)nnk_model_biases(&m, l);
                const size_t inputs = (size_t)small.size[l - 1];
                uint8_t kept[8 * 50], kept_bias[8], kept_scale[4];
                if (type == NNK_I8 && l == 1) {
                    float *scale = (float *)(uintptr_t)nnk_model_scales(&m);
                    memcpy(kept_scale, scale, 4);
                    memcpy(kept, w, inputs);
                    *scale = FLT_MAX;
                    memset(w, sign < 0 ? 0x81 : 0x7f, inputs);
                    CHECK_EQUAL(predicted(all[i], &m, x, &p), NNK_E_PARAMETER);
                    memcpy(scale, kept_scale, 4);
                    memcpy(w, kept, inputs);
                    continue;
                }
                memcpy(kept, w, bytes_of(inputs, real_type));
                memcpy(kept_bias, b, bytes_of(1, real_type));
                void *below = l > 1 ? (void *)(uintptr_t)nnk_model_biases(&m, l - 1) : NULL;
                uint8_t kept_below[8];
                if (below) {
                    memcpy(kept_below, below, bytes_of(1, real_type));
                    put(below, 0, 1e4, real_type);
                }
                for (size_t k = 0; k < inputs; k++) put(w, k, sign * huge, real_type);
                CHECK_EQUAL(predicted(all[i], &m, x, &p), NNK_E_PARAMETER);
                memcpy(w, kept, bytes_of(inputs, real_type));
                if (below) memcpy(below, kept_below, bytes_of(1, real_type));
                memcpy(b, kept_bias, bytes_of(1, real_type));
            }
    free(f.bytes);
}

// ---- Training ---------------------------------------------------------------------------------------------

/// All numbers of an arena that a training goes on from.
typedef struct place {
    nnk_real *reals;
    size_t count;
    bool is_p;          ///< P of nnk_dual: -infinity there is a unit that is off
    bool may_not_count; ///< an element of a square G of which no delta is left
} place;

static size_t places_of(const nnk_job *job, void *memory, place places[4]) {
    arena a;
    nnk_carve(job, memory, &a);
    const size_t units = (size_t)small.size[1];
    places[0] = (place){a.parameters, nnk_kept_parameters(job), false, false};
    if (job->method->number == NNK_PRIMAL) return 1;
    if (job->method->number == NNK_DUAL_WIDE) { // W1 is here too, until it is written
        places[0].count = nnk_parameter_count(&small);
        places[3] = (place){a.gram, EXAMPLES, false, true};
    }
    places[1] = (place){a.logits, EXAMPLES, true, false};
    places[2] = (place){nnk_row(&a, a.deltas, units - 1), EXAMPLES, false, false};
    return job->method->number == NNK_DUAL_WIDE ? 4 : 3;
}

/// Whether all reals of a model are finite.
static bool model_finite(const file *f) {
    nnk_model m;
    return nnk_model_open(&m, f->bytes, f->size, &small) == NNK_OK;
}

static nnk_status save_all(const nnk_job *job, void *memory, file *f) {
    nnk_checkpoint progress = {0, 0};
    nnk_status status;
    while ((status = nnk_checkpoint_save(job, memory, &progress, sink_of(f))) > 0) {
    }
    return status;
}

/// Goes on with a number of the arena replaced, and says whether it ends with an error or a finite model.
static void check_poisoned(const nnk_job *job, const uint8_t *kept, size_t bytes, size_t number, size_t index,
                           double bad) {
    const int32_t type = job->arithmetic->dtype;
    uint8_t *memory = copy_of(kept, bytes);
    place places[4];
    places_of(job, memory, places);
    const place *p = &places[number];
    const bool is_trained = ((const nnk_trainer *)(const void *)memory)->iteration == job->iterations;
    put(p->reals, index, bad, type);
    file checkpoint = {.room = nnk_checkpoint_bytes(job)}, model = new_file(job);
    checkpoint.bytes = room_for(checkpoint.room);
    if (!p->may_not_count) {
        CHECK_EQUAL(save_all(job, memory, &checkpoint), NNK_E_DIVERGED);
        CHECK_EQUAL(checkpoint.size, 0);
    }
    nnk_status status = steps(job, memory);
    if (status == NNK_OK) status = finish(job, memory, &model);
    const bool may_pass = p->may_not_count || (p->is_p && (bad < 0 || is_trained));
    CHECK(status == NNK_E_DIVERGED || (may_pass && status == NNK_OK && model_finite(&model)));
    CHECK((model.size == 0) == (status != NNK_OK));
    if (status == NNK_E_DIVERGED) CHECK_EQUAL(save_all(job, memory, &checkpoint), NNK_E_DIVERGED);
    free(memory);
    free(checkpoint.bytes);
    free(model.bytes);
}

static void test_training(int32_t type, int32_t method) {
    data d = random_data(&small, EXAMPLES);
    const nnk_job job = small_job(&d, type, method);
    const size_t bytes = nnk_train_bytes(&job);
    uint8_t *memory = room_for(bytes);
    for (uint32_t wanted = 0; wanted <= 6; wanted += 2) { // 6: trained, and not written
        nnk_progress progress = {0};
        CHECK_EQUAL(nnk_train_begin(&job, memory, bytes), NNK_OK);
        nnk_status status = NNK_MORE;
        while (status > 0 && (progress.stage != NNK_LOOP || progress.iteration < wanted)) {
            status = nnk_train_step(&job, memory);
            CHECK_EQUAL(nnk_train_progress(&job, memory, &progress), NNK_OK);
        }
        place places[4];
        const size_t count = places_of(&job, memory, places);
        for (size_t n = 0; n < count; n++)
            for (size_t i = 0; i < places[n].count; i++) {
                const double bad[] = {(double)NAN, (double)INFINITY, -(double)INFINITY};
                for (size_t b = 0; b < sizeof bad / sizeof bad[0]; b++)
                    check_poisoned(&job, memory, bytes, n, i, bad[b]);
            }
    }
    free(memory);
    release_data(d);
}

int main(void) {
    for (int32_t type = NNK_F32; type <= NNK_I8; type++) {
        test_models(type);
        test_write(type);
        test_overflow(type);
    }
    FOR_EACH_TYPE(type) FOR_EACH_METHOD(method) test_training(type, method);
    return check_end();
}
