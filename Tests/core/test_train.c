/// Training: gradients, the whole descent, memory, interruption and errors.
#include "jobs.h"
#include <fenv.h>
#if defined(__SSE2__)
#include <xmmintrin.h>
#endif

// A network in the wide type, straight from the textbook: the reference.

typedef struct network {
    const nnk_topology *t;
    size_t parameters, units;
    wide *p;     ///< W1, b1, W2, ...
    wide *slope; ///< the cost's derivative by each parameter
} network;

/// In the order of the model.
static network network_of(const nnk_topology *t, file *f) {
    network n = {.t = t};
    for (int32_t l = 1; l <= t->layers; l++) {
        n.parameters += (size_t)(t->size[l - 1] + 1) * (size_t)t->size[l];
        n.units += (size_t)t->size[l];
    }
    n.p = room_for(n.parameters * sizeof(wide));
    n.slope = room_for(n.parameters * sizeof(wide));
    const nnk_model m = opened(f, t);
    for (size_t i = 0; i < n.parameters; i++) n.p[i] = parameter_of(&m, i);
    return n;
}

static void release_network(network n) {
    free(n.p);
    free(n.slope);
}

/// Pre-activations of all units for one image; returns that of the output.
static wide logit(network n, const uint8_t *x, wide *z) {
    const wide *p = n.p, *below = NULL;
    for (int32_t l = 1; l <= n.t->layers; l++) {
        const size_t inputs = (size_t)n.t->size[l - 1], outputs = (size_t)n.t->size[l];
        for (size_t i = 0; i < outputs; i++) {
            z[i] = p[inputs * outputs + i];
            for (size_t k = 0; k < inputs; k++) {
                const wide a = !below ? (wide)x[k] / 255 : below[k] > 0 ? below[k] : 0;
                z[i] += p[i * inputs + k] * a;
            }
        }
        p += (inputs + 1) * outputs;
        below = z;
        z += outputs;
    }
    return z[-1];
}

static wide cost_of(network n, const data *d) {
    const size_t m = d->reader.examples, size = d->reader.size;
    wide *z = room_for(n.units * sizeof(wide)), sum = 0;
    for (size_t j = 0; j < m; j++) {
        const wide out = logit(n, d->images + j * size, z);
        sum += wide_log1p(wide_exp(d->labels[j] ? -out : out));
    }
    free(z);
    return sum / (wide)m;
}

/// The hidden pre-activation that is closest to zero, where ReLU has its kink. Exact zeros count only if
/// `with_zeros` is set: they come from zeros alone, so they are zeros in every arithmetic.
static wide closest_to_kink(network n, const data *d, int with_zeros) {
    const size_t size = d->reader.size;
    wide *z = room_for(n.units * sizeof(wide)), closest = 1;
    for (size_t j = 0; j < d->reader.examples; j++) {
        logit(n, d->images + j * size, z);
        for (size_t u = 0; u + 1 < n.units; u++)
            if (wide_abs(z[u]) < closest && (z[u] != 0 || with_zeros)) closest = wide_abs(z[u]);
    }
    free(z);
    return closest;
}

/// slope = the cost's derivatives, by the chain rule, one example after the other.
static void differentiate(network n, const data *d) {
    const size_t m = d->reader.examples, size = d->reader.size;
    wide *z = room_for(n.units * sizeof(wide)), *dz = room_for(n.units * sizeof(wide));
    for (size_t i = 0; i < n.parameters; i++) n.slope[i] = 0;
    for (size_t j = 0; j < m; j++) {
        const uint8_t *x = d->images + j * size;
        const wide out = logit(n, x, z);
        dz[n.units - 1] = 1 / (1 + wide_exp(-out)) - d->labels[j];
        size_t above = n.units, at = n.parameters;
        for (int32_t l = n.t->layers; l >= 1; l--) {
            const size_t inputs = (size_t)n.t->size[l - 1], outputs = (size_t)n.t->size[l];
            above -= outputs;
            at -= (inputs + 1) * outputs;
            for (size_t i = 0; i < outputs; i++)
                n.slope[at + inputs * outputs + i] += dz[above + i] / (wide)m;
            for (size_t k = 0; k < inputs; k++) {
                const wide under = l == 1 ? (wide)x[k] / 255 : z[above - inputs + k];
                wide sum = 0;
                for (size_t i = 0; i < outputs; i++) {
                    if (under > 0) n.slope[at + i * inputs + k] += dz[above + i] * under / (wide)m;
                    sum += n.p[at + i * inputs + k] * dz[above + i];
                }
                if (l > 1) dz[above - inputs + k] = under > 0 ? sum : 0;
            }
        }
    }
    free(z);
    free(dz);
}

static void descend(network n, const data *d, double rate) {
    differentiate(n, d);
    for (size_t i = 0; i < n.parameters; i++) n.p[i] -= rate * n.slope[i];
}

/// Which of the 2 * layers kinds of parameters (W1, b1, W2, ...) have a derivative that is not zero.
static int all_kinds_learn(network n) {
    size_t at = 0;
    for (int32_t l = 1; l <= n.t->layers; l++) {
        const size_t biases = (size_t)n.t->size[l], weights = (size_t)n.t->size[l - 1] * biases;
        int w = 0, b = 0;
        for (size_t i = 0; i < weights; i++) w |= wide_abs(n.slope[at + i]) > 1e-6L;
        for (size_t i = 0; i < biases; i++) b |= wide_abs(n.slope[at + weights + i]) > 1e-6L;
        if (!w || !b) return 0;
        at += weights + biases;
    }
    return 1;
}

/// The step from k to k + 1 iterations, divided by -rate, against central differences of the cost.
///
/// With h = 1e-5 these are off by h^2 / 6 of the third derivative (of the order of 1) and by the cost's
/// rounding / h: 2e-11 and, where the wide type is double, 2e-11. No kink lies within 1e-3.
static void test_gradient(const nnk_topology *t, int32_t method, uint32_t iterations) {
    const wide h = (wide)1e-5, tolerance = (wide)1e-9;
    int found = 0;
    for (uint32_t seed = 1; seed < 500 && !found; seed++) {
        data d = random_data(t, 7);
        nnk_job job = job_of(t, &nnk_f64, &d, iterations);
        job.seed = seed;
        job.method = methods[method];
        job.initializer = NNK_INIT_DEEP;
        file before = train(&job);
        job.iterations++;
        file after = train(&job);
        network n = network_of(t, &before), next = network_of(t, &after);
        differentiate(n, &d);
        found = closest_to_kink(n, &d, 1) > (wide)1e-3 && all_kinds_learn(n);
        for (size_t i = 0; found && i < n.parameters; i++) {
            const wide p = n.p[i], slope = (p - next.p[i]) / job.learning_rate;
            n.p[i] = p + h;
            const wide up = cost_of(n, &d);
            n.p[i] = p - h;
            const wide down = cost_of(n, &d);
            n.p[i] = p;
            CHECK_NEAR(slope, (up - down) / (2 * h), tolerance);
            CHECK_NEAR(slope, n.slope[i], 1e-13); // a few roundings of p, divided by the rate
        }
        release_network(n);
        release_network(next);
        free(before.bytes);
        free(after.bytes);
        release_data(d);
    }
    CHECK(found);
}

static uint32_t compared, left_out;

/// Every arithmetic, with mapped and with read images, gives the same model, which is close to the
/// reference's.
static void check_training(const nnk_topology *t, int32_t type, data *d, uint32_t iterations) {
    nnk_job job = job_of(t, arithmetic_at(type, 0), d, iterations);
    job.initializer = NNK_INIT_DEEP;
    job.learning_rate = 0.1;
    file scalar = train(&job);
    FOR_EACH_ARITHMETIC(k, type) {
        job.arithmetic = k;
        job.images = read_in(d);
        file other = train(&job);
        CHECK_SAME_FILE(scalar, other);
        free(other.bytes);
        job.images = mapped(d);
        other = train(&job);
        CHECK_SAME_FILE(scalar, other);
        free(other.bytes);
    }
    job.iterations = 0;
    file start = train(&job);
    network want = network_of(t, &start), got = network_of(t, &scalar);
    wide kink = 1;
    for (uint32_t i = 0; i < iterations; i++) {
        const wide closest = closest_to_kink(want, d, 0);
        if (closest < kink) kink = closest;
        descend(want, d, job.learning_rate);
    }
    // Updates are small compared to the parameters, so these differ by their last roundings, about 1 eps; 30
    // are allowed. But sums of 400 terms decide on which side of its kink a ReLU is, so data sets that bring
    // one closer than 500 eps to it are left out.
    const double eps = epsilon_of(type);
    compared++;
    if (kink < 500 * eps)
        left_out++;
    else
        for (size_t i = 0; i < want.parameters; i++) CHECK_NEAR(got.p[i], want.p[i], 30 * eps);
    release_network(want);
    release_network(got);
    free(start.bytes);
    free(scalar.bytes);
}

static void test_training(int32_t type) {
    static const uint32_t counts[] = {1, 2, 15, 16, 17, 33, 48};
    static const int32_t sizes[] = {1, 191, 192, 193, 400};
    for (size_t i = 0; i < TOPOLOGIES; i++)
        for (size_t m = 0; m < sizeof counts / sizeof counts[0]; m++) {
            data d = random_data(&topologies[i], counts[m]);
            check_training(&topologies[i], type, &d, 3);
            release_data(d);
        }
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++)
        for (int32_t layers = 1; layers <= 3; layers++) {
            nnk_topology t = {layers, {sizes[s], 6, 4, 1}};
            t.size[layers] = 1;
            data d = random_data(&t, 19);
            check_training(&t, type, &d, 3);
            memset(d.labels, 0, 19);
            check_training(&t, type, &d, 2);
            memset(d.labels, 1, 19);
            check_training(&t, type, &d, 2);
            release_data(d);
            d = random_data(&t, 19);
            for (size_t j = 1; j < 19; j++) memcpy(d.images + j * d.reader.size, d.images, d.reader.size);
            check_training(&t, type, &d, 2);
            memset(d.images, 0, (size_t)19 * d.reader.size);
            check_training(&t, type, &d, 2);
            memset(d.images, 255, (size_t)19 * d.reader.size);
            check_training(&t, type, &d, 2);
            release_data(d);
        }
}

/// Costs come when they are due, and are those of the parameters before the update.
static void test_costs(int32_t type, int32_t method) {
    const nnk_topology *t = &topologies[0];
    data d = random_data(t, 21);
    for (uint32_t every = 0; every <= 5; every++) {
        nnk_job job = job_of(t, arithmetic_at(type, 0), &d, 11);
        job.cost_every = every;
        job.method = methods[method];
        job.initializer = NNK_INIT_DEEP;
        const size_t bytes = nnk_train_bytes(&job);
        void *arena = room_for(bytes);
        CHECK_EQUAL(nnk_train_begin(&job, arena, bytes), NNK_OK);
        nnk_job none = job;
        none.iterations = 0;
        file start = train(&none);
        network n = network_of(t, &start);
        uint32_t costs = 0, done = 0;
        nnk_status status;
        nnk_progress progress;
        while ((status = nnk_train_step(&job, arena)) > 0) {
            CHECK_EQUAL(nnk_train_progress(&job, arena, &progress), NNK_OK);
            CHECK(progress.iteration == done || progress.iteration == done + 1);
            if (progress.iteration > done) {
                done++;
                descend(n, &d, job.learning_rate);
            }
            if (status != NNK_COST) continue;
            CHECK(every > 0 && progress.cost_iteration == every * costs && progress.cost_iteration == done);
            costs++;
            CHECK_NEAR(progress.cost, cost_of(n, &d), 1e4 * epsilon_of(type));
        }
        CHECK_EQUAL(status, NNK_OK);
        CHECK_EQUAL(nnk_train_progress(&job, arena, &progress), NNK_OK);
        CHECK_EQUAL(progress.iteration, 11);
        CHECK_EQUAL(costs, every ? (11 + every - 1) / every : 0);
        release_network(n);
        free(start.bytes);
        free(arena);
    }
    release_data(d);
}

// Memory; test_memory.c has its sizes and its bounds.

/// Between any two calls the arena may move, and another arithmetic may continue. The old arena is
/// overwritten.
static void test_moved(const nnk_topology *t, int32_t type, int32_t method, uint32_t m) {
    data d = random_data(t, m);
    nnk_job job = job_of(t, arithmetic_at(type, 0), &d, 3);
    job.method = methods[method];
    const size_t bytes = nnk_train_bytes(&job);
    file want = train(&job), got = new_file(&job);
    uint8_t *from = room_for(bytes + 64), *to = room_for(bytes + 64), *arena = from;
    CHECK_EQUAL(nnk_train_begin(&job, arena, bytes), NNK_OK);
    nnk_status status = NNK_MORE;
    for (uint32_t call = 0, finishing = 0; status > 0 || (status == NNK_OK && !finishing); call++) {
        if (status == NNK_OK) finishing = 1;
        uint8_t *next = to + 8 * (call % 8);
        memcpy(next, arena, bytes);
        memset(from, 0xbb, bytes + 64);
        to = from;
        from = next - 8 * (call % 8);
        arena = next;
        job.arithmetic = arithmetic_at(type, (int)(call % 4));
        if (!job.arithmetic) job.arithmetic = nnk_fastest(type);
        job.images = call % 3 ? mapped(&d) : read_in(&d);
        status = finishing ? nnk_train_finish(&job, arena, sink_of(&got)) : nnk_train_step(&job, arena);
    }
    CHECK_EQUAL(status, NNK_OK);
    CHECK_SAME_FILE(got, want);
    free(from);
    free(to);
    free(want.bytes);
    free(got.bytes);
    release_data(d);
}

/// What the arena held before has no effect on the model, even if it was NaN.
static void test_leftovers(const nnk_topology *t, int32_t type, int32_t method, uint32_t m) {
    static const int fills[] = {0, 0x7f, 0xff};
    data d = random_data(t, m);
    FOR_EACH_ARITHMETIC(k, type) {
        nnk_job job = job_of(t, k, &d, 3);
        job.method = methods[method];
        file want = train(&job);
        const size_t bytes = nnk_train_bytes(&job);
        void *arena = room_for(bytes);
        for (size_t i = 0; i < sizeof fills / sizeof fills[0]; i++) {
            file got = new_file(&job);
            memset(arena, fills[i], bytes);
            CHECK_EQUAL(train_in(&job, arena, bytes, &got), NNK_OK);
            CHECK_SAME_FILE(got, want);
            free(got.bytes);
        }
        free(arena);
        free(want.bytes);
    }
    release_data(d);
}

static int32_t stage_of(const nnk_job *job, const uint8_t *arena) {
    nnk_progress progress = {0};
    CHECK_EQUAL(nnk_train_progress(job, arena, &progress), NNK_OK);
    return progress.stage;
}

/// nnk_train_run of n slices is n steps, up to the end of the setup, the next cost or the end.
static void test_run(int32_t type, int32_t method) {
    const nnk_topology *t = &topologies[4];
    data d = random_data(t, 18);
    nnk_job job = job_of(t, nnk_fastest(type), &d, 4);
    job.method = methods[method];
    job.cost_every = 2;
    const size_t bytes = nnk_train_bytes(&job);
    uint8_t *run = room_for(bytes), *stepped = room_for(bytes);
    for (uint32_t slices = 0; slices <= 300; slices += 1 + slices * 2) {
        memset(run, 0xa5, bytes);
        memset(stepped, 0xa5, bytes);
        CHECK_EQUAL(nnk_train_begin(&job, run, bytes), NNK_OK);
        CHECK_EQUAL(nnk_train_begin(&job, stepped, bytes), NNK_OK);
        CHECK_EQUAL(nnk_train_run(&job, run, 0), NNK_MORE);
        for (nnk_status status = NNK_MORE; status > 0 && slices > 0;) {
            nnk_status want = NNK_MORE;
            const int32_t stage = stage_of(&job, stepped);
            for (uint32_t i = 0; i < slices && want == NNK_MORE; i++) {
                want = nnk_train_step(&job, stepped);
                if (stage == NNK_SETUP && stage_of(&job, stepped) != NNK_SETUP) break;
            }
            status = nnk_train_run(&job, run, slices);
            if (!CHECK_EQUAL(status, want)) break;
            CHECK_SAME(run, stepped, bytes);
        }
    }
    CHECK_EQUAL(nnk_train_run(&job, run, UINT32_MAX), NNK_OK);
    free(run);
    free(stepped);
    release_data(d);
}

/// CRC-32 bit by bit.
static uint32_t restated_crc(uint32_t crc, const uint8_t *bytes, size_t count) {
    crc = ~crc;
    for (size_t bit = 0; bit < 8 * count; bit++) {
        const uint32_t out = (crc ^ (uint32_t)(bytes[bit / 8] >> bit % 8)) & 1;
        crc = crc >> 1 ^ (out ? 0xedb88320 : 0);
    }
    return ~crc;
}

static void test_checksum(void) {
    for (uint32_t round = 0; round < check_rounds(20000); round++) {
        const size_t count = random_below(101), offset = random_below(9);
        uint8_t *bytes = random_bytes(offset + count); // to the last byte
        const uint32_t start = round % 2 ? (uint32_t)random_bits() : 0;
        CHECK(nnk_crc32(start, bytes + offset, count) == restated_crc(start, bytes + offset, count));
        free(bytes);
    }
    for (uint32_t byte = 0; byte < 256; byte++) // every entry of every table
        for (size_t at = 0; at < 8; at++) {
            uint8_t bytes[8] = {0};
            bytes[at] = (uint8_t)byte;
            CHECK(nnk_crc32(~0u, bytes, 8) == restated_crc(~0u, bytes, 8));
        }
}

// Errors.

/// The status of training in the current floating-point mode, and whether all kernels agree.
static nnk_status begun(const nnk_job *job, void *arena, size_t bytes, int *strict, int *lax) {
    *strict = *lax = 0;
    FOR_EACH_TYPE(type) FOR_EACH_ARITHMETIC(k, type) {
        const int32_t is_strict = k->is_strict();
        *strict += is_strict == 1;
        *lax += is_strict == 0;
    }
    const nnk_inference *const inferences[] = {&nnk_f32_inference,
                                               &nnk_f64_inference,
                                               &nnk_i8_inference,
                                               nnk_fastest_inference(NNK_F32),
                                               nnk_fastest_inference(NNK_F64),
                                               nnk_fastest_inference(NNK_I8)};
    for (size_t i = 0; i < sizeof inferences / sizeof inferences[0]; i++) {
        const nnk_model model = {
            .topology = job->topology, .dtype = inferences[i]->dtype, .parameters = arena};
        const nnk_status status = nnk_predict_begin(arena, bytes, &model, inferences[i]);
        *strict += status == NNK_OK;
        *lax += status == NNK_E_FLOAT;
    }
    return nnk_train_begin(job, arena, bytes);
}

#if defined(__SSE2__)
/// Bits of MXCSR: subnormal results, and subnormal operands, become zeros.
static const uint32_t flushes[] = {0x8000, 0x0040, 0x8040};
enum { FLUSHES = sizeof flushes / sizeof flushes[0] };
#else
enum { FLUSHES = 0 };
#endif

/// Sets the i-th floating-point mode in which results would differ. Returns 0 after the last one.
static int disturb(size_t i) {
#if defined(__SSE2__)
    if (i < FLUSHES) {
        _mm_setcsr(_mm_getcsr() | flushes[i]);
        return 1;
    }
#endif
#if defined(FE_UPWARD) && defined(FE_DOWNWARD) && defined(FE_TOWARDZERO) && !defined(__NEWLIB__)
    static const int modes[] = {FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO};
    return i < FLUSHES + 3 && fesetround(modes[i - FLUSHES]) == 0;
#else
    return 0;
#endif
}

/// Training is refused in floating-point modes in which results would differ, and the mode is restored.
static void test_strictness(void) {
    const nnk_topology *t = &topologies[0];
    data d = random_data(t, 4);
    FOR_EACH_TYPE(type) {
        const nnk_job job = job_of(t, nnk_fastest(type), &d, 1);
        const size_t bytes = nnk_train_bytes(&job);
        void *arena = room_for(bytes);
        int strict, lax, disturbed = 1;
        for (size_t i = 0; disturbed; i++) {
            CHECK_EQUAL(begun(&job, arena, bytes, &strict, &lax), NNK_OK);
            CHECK(strict >= 10 && lax == 0);
            fenv_t usual;
            fegetenv(&usual);
            disturbed = disturb(i);
            const nnk_status status = begun(&job, arena, bytes, &strict, &lax);
            fesetenv(&usual); // before anything else is computed
            if (disturbed) CHECK(status == NNK_E_FLOAT && strict == 0 && lax >= 10);
        }
        free(arena);
    }
    release_data(d);
}

static void check_invalid(const nnk_job *job, void *arena, size_t bytes, int line) {
    CHECK_EQUAL(nnk_train_bytes(job), 0);
    const int refused = nnk_train_begin(job, arena, bytes) == NNK_E_ARGUMENT;
    check_that(refused, __FILE__, line, "the job is refused");
    CHECK_EQUAL(nnk_train_step(job, arena), NNK_E_ARGUMENT);
    nnk_progress progress;
    CHECK_EQUAL(nnk_train_progress(job, arena, &progress), NNK_E_ARGUMENT);
    file f = {0};
    CHECK_EQUAL(nnk_train_finish(job, arena, sink_of(&f)), NNK_E_ARGUMENT);
}

#define INVALID(field, value)                                                                                \
    do {                                                                                                     \
        nnk_job changed = job;                                                                               \
        changed.field = (value);                                                                             \
        check_invalid(&changed, arena, bytes, __LINE__);                                                     \
    } while (0)

/// The dual methods need a layer above the first, and a Gram matrix below 2^30.
static void test_invalid_dual(nnk_job job, void *arena, size_t bytes) {
    static const nnk_topology one_layer = {1, {10, 1}};
    static const nnk_topology largest = {2, {NNK_MAX_DUAL_INPUTS, 2, 1}};
    static const nnk_topology larger = {2, {NNK_MAX_DUAL_INPUTS + 1, 2, 1}};
    CHECK((uint64_t)NNK_MAX_DUAL_INPUTS * 255 * 255 < 1 << 30);
    for (int32_t method = NNK_DUAL; method <= NNK_DUAL_WIDE; method++) {
        job.method = methods[method];
        INVALID(topology, &one_layer);
        INVALID(topology, &larger);
        nnk_job valid = job;
        valid.topology = &largest;
        CHECK(nnk_train_bytes(&valid) > 0);
        valid.method = &nnk_primal;
        valid.topology = &larger;
        CHECK(nnk_train_bytes(&valid) > 0);
    }
}

static void test_invalid_jobs(void) {
    const nnk_topology *t = &topologies[0];
    data d = random_data(t, 4);
    const nnk_job job = job_of(t, &nnk_f64, &d, 1);
    const size_t bytes = nnk_train_bytes(&job) + 100000;
    void *arena = room_for(bytes);
    CHECK_EQUAL(nnk_train_begin(&job, arena, bytes), NNK_OK);
    INVALID(examples, 0);
    INVALID(examples, NNK_MAX_EXAMPLES + 1);
    INVALID(examples, UINT32_MAX);
    INVALID(learning_rate, 0);
    INVALID(learning_rate, -1);
    INVALID(learning_rate, (double)NAN);
    INVALID(learning_rate, (double)INFINITY);
    INVALID(learning_rate, -(double)INFINITY);
    INVALID(method, NULL);
    INVALID(initializer, NNK_INIT_SMALL + 1);
    INVALID(initializer, -1);
    INVALID(topology, NULL);
    INVALID(arithmetic, NULL);
    static const nnk_topology bad[] = {{0, {10, 1}},       {8, {10, 1, 1, 1, 1, 1, 1, 1}},
                                       {1, {10, 2}},       {2, {0, 4, 1}},
                                       {2, {10, 0, 1}},    {2, {10, 257, 1}},
                                       {2, {65536, 4, 1}}, {2, {10, 4, 0}},
                                       {-1, {10, 1}}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) INVALID(topology, &bad[i]);
    test_invalid_dual(job, arena, bytes);
    CHECK_EQUAL(nnk_train_bytes(NULL), 0);
    CHECK_EQUAL(nnk_train_begin(NULL, arena, bytes), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_train_begin(&job, NULL, bytes), NNK_E_ARGUMENT);
    nnk_job no_data = job;
    no_data.labels = NULL;
    CHECK_EQUAL(nnk_train_begin(&no_data, arena, bytes), NNK_E_ARGUMENT);
    no_data = job;
    no_data.images.images = NULL;
    CHECK_EQUAL(nnk_train_begin(&no_data, arena, bytes), NNK_E_ARGUMENT);
    for (uint32_t j = 0; j < 4; j++)
        for (uint32_t value = 2; value < 256; value += 127) {
            const uint8_t label = d.labels[j];
            d.labels[j] = (uint8_t)value;
            CHECK_EQUAL(nnk_train_begin(&job, arena, bytes), NNK_E_LABEL);
            d.labels[j] = label;
        }
    CHECK_EQUAL(nnk_train_begin(&job, arena, bytes), NNK_OK);
    free(arena);
    release_data(d);
}

#define OTHER(field, value)                                                                                  \
    do {                                                                                                     \
        nnk_job other = job;                                                                                 \
        other.field = (value);                                                                               \
        CHECK_EQUAL(nnk_train_step(&other, arena), NNK_E_STATE);                                             \
        CHECK_EQUAL(nnk_train_progress(&other, arena, &progress), NNK_E_STATE);                              \
        CHECK_EQUAL(nnk_train_finish(&other, arena, sink_of(&got)), NNK_E_STATE);                            \
    } while (0)

/// An arena is accepted only with its own job.
static void test_other_jobs(void) {
    static const nnk_topology t = {3, {10, 4, 3, 1}}, same = {3, {10, 4, 3, 1}};
    static const nnk_topology wider = {3, {11, 4, 3, 1}}, higher = {3, {10, 4, 2, 1}},
                              lower = {2, {10, 4, 1}};
    data d = random_data(&t, 20);
    nnk_job job = job_of(&t, &nnk_f32, &d, 3);
    file want = train(&job), got = new_file(&job);
    // Larger than needed, so that a larger job that is wrongly accepted does not crash the test.
    const size_t bytes = nnk_train_bytes(&job);
    uint8_t *arena = room_for(4 * bytes);
    nnk_progress progress;
    CHECK_EQUAL(nnk_train_begin(&job, arena, bytes), NNK_OK);
    nnk_status status;
    int32_t stage = NNK_SETUP;
    do {
        CHECK_EQUAL(nnk_train_progress(&job, arena, &progress), NNK_OK);
        CHECK(progress.stage >= stage);
        stage = progress.stage;
        OTHER(topology, &wider);
        OTHER(topology, &higher);
        OTHER(topology, &lower);
        OTHER(arithmetic, &nnk_f64);
        OTHER(method, &nnk_dual);
        OTHER(method, &nnk_dual_wide);
        OTHER(initializer, NNK_INIT_SMALL);
        OTHER(seed, 2);
        OTHER(iterations, 4);
        OTHER(iterations, 0);
        OTHER(cost_every, 2);
        OTHER(examples, 19);
        OTHER(learning_rate, 0.25);
        if (stage != NNK_TRAINED) CHECK_EQUAL(nnk_train_finish(&job, arena, sink_of(&got)), NNK_E_STATE);
        job.topology = job.topology == &t ? &same : &t; // elsewhere, but the same job
        status = nnk_train_step(&job, arena);
    } while (status > 0);
    CHECK_EQUAL(stage, NNK_TRAINED);
    CHECK_EQUAL(status, NNK_OK);
    CHECK_EQUAL(nnk_train_step(&job, arena), NNK_OK); // done stays done
    CHECK_EQUAL(finish(&job, arena, &got), NNK_OK);
    CHECK_SAME_FILE(got, want);
    status = nnk_train_step(&job, arena);
    CHECK(status == NNK_OK || status == NNK_E_STATE); // changes nothing
    memset(got.bytes, 0, got.room);
    CHECK_EQUAL(finish(&job, arena, &got), NNK_OK); // and can be written again
    CHECK_SAME_FILE(got, want);
    CHECK_EQUAL(nnk_train_finish(&job, arena, (nnk_sink){0}), NNK_E_ARGUMENT);
    memset(arena, 0, bytes);
    CHECK_EQUAL(nnk_train_step(&job, arena), NNK_E_STATE);
    memset(arena, 0xff, bytes);
    CHECK_EQUAL(nnk_train_step(&job, arena), NNK_E_STATE);
    free(arena);
    free(want.bytes);
    free(got.bytes);
    release_data(d);
}

/// The number of reads in a run of two iterations, by the method's phases.
static uint32_t reads_of(const nnk_topology *t, int32_t method, uint32_t m) {
    const uint32_t patches = ((uint32_t)t->size[0] + NNK_PATCH - 1) / NNK_PATCH, units = (uint32_t)t->size[1];
    const uint32_t all = m * patches, blocks = (m + NNK_LANES - 1) / NNK_LANES;
    const uint32_t gram = blocks * all; // each block with each other, and with itself
    switch (method) {
    case NNK_PRIMAL: return all + 2 * 2 * all;                    // the checksum; there and back, twice
    case NNK_DUAL: return all + units * all + gram + units * all; // each row of W1, first and last
    default: return all + all + gram + all;
    }
}

/// One run in which a read may fail; its slice is then tried again. Returns how many failed.
static uint32_t run_with_failing_read(const nnk_job *job, void *arena, size_t bytes, file *f) {
    uint32_t failed = 0;
    memset(arena, 0xa5, bytes);
    CHECK_EQUAL(nnk_train_begin(job, arena, bytes), NNK_OK);
    nnk_status status = steps(job, arena);
    for (; status == NNK_E_SOURCE && failed < 2; failed++) status = steps(job, arena);
    CHECK_EQUAL(status, NNK_OK);
    f->size = 0;
    status = finish(job, arena, f);
    for (; status == NNK_E_SOURCE && failed < 2; failed++) status = finish(job, arena, f);
    CHECK_EQUAL(status, NNK_OK);
    return failed;
}

/// Every read fails once, and the model is the same.
static void test_failing_source(int32_t type, int32_t method) {
    const nnk_topology t = {3, {400, 5, 3, 1}};
    data d = random_data(&t, 18);
    nnk_job job = job_of(&t, arithmetic_at(type, 1), &d, 2);
    job.method = methods[method];
    file want = train(&job), got = new_file(&job);
    job.images = read_in(&d);
    const size_t bytes = nnk_train_bytes(&job);
    void *arena = room_for(bytes);
    uint32_t failed = 0;
    for (uint32_t n = 1; failed == n - 1; n++) {
        d.reader.calls = 0;
        d.reader.fail_at = n;
        failed += run_with_failing_read(&job, arena, bytes, &got);
        CHECK_SAME_FILE(got, want);
    }
    CHECK_EQUAL(failed, reads_of(&t, method, 18));
    free(arena);
    free(want.bytes);
    free(got.bytes);
    release_data(d);
}

/// Every write fails once: writing starts from the beginning, and the model is the same.
static void test_failing_sink(int32_t type, int32_t method) {
    const nnk_topology *t = &topologies[4];
    data d = random_data(t, 4);
    nnk_job job = job_of(t, arithmetic_at(type, 1), &d, 1);
    job.method = methods[method];
    file want = train(&job);
    const size_t bytes = nnk_train_bytes(&job);
    void *arena = room_for(bytes);
    uint32_t failed = 0;
    for (uint32_t n = 1; failed == n - 1; n++) {
        file got = new_file(&job);
        got.fail_at = n;
        CHECK_EQUAL(nnk_train_begin(&job, arena, bytes), NNK_OK);
        CHECK_EQUAL(steps(&job, arena), NNK_OK);
        nnk_status status = finish(&job, arena, &got);
        if (status == NNK_E_SINK) {
            failed++;
            nnk_model m;
            CHECK(got.size == 0 && nnk_model_open(&m, got.bytes, want.size, t) < 0); // not taken for a model
            CHECK_EQUAL(got.calls, n);
            status = finish(&job, arena, &got);
        }
        CHECK_EQUAL(status, NNK_OK);
        CHECK_SAME_FILE(got, want);
        free(got.bytes);
    }
    CHECK_EQUAL(failed, want.calls);
    CHECK(failed > 3);
    free(arena);
    free(want.bytes);
    release_data(d);
}

static void test_divergence(int32_t type, int32_t method) {
    const nnk_topology *t = &topologies[0];
    uint32_t diverged = 0;
    for (uint32_t seed = 1; seed <= 40; seed++)
        for (uint32_t every = 0; every <= 1; every++) {
            data d = random_data(t, 20);
            nnk_job job = job_of(t, arithmetic_at(type, 0), &d, 30);
            job.learning_rate = type == NNK_F32 ? 1e30 : 1e300;
            job.initializer = NNK_INIT_DEEP;
            job.cost_every = every;
            job.method = methods[method];
            job.seed = seed;
            const size_t bytes = nnk_train_bytes(&job);
            void *arena = room_for(bytes);
            file f = new_file(&job);
            CHECK_EQUAL(nnk_train_begin(&job, arena, bytes), NNK_OK);
            nnk_status status = steps(&job, arena);
            if (status == NNK_OK) status = finish(&job, arena, &f); // a dead network, or weights out of range
            if (status == NNK_E_DIVERGED) {
                diverged++;
                for (int again = 0; again < 3; again++) {
                    CHECK_EQUAL(nnk_train_step(&job, arena), NNK_E_DIVERGED);
                    CHECK_EQUAL(finish(&job, arena, &f), NNK_E_DIVERGED);
                }
                CHECK_EQUAL(f.size, 0);
            } else {
                CHECK_EQUAL(status, NNK_OK);
                network n = network_of(t, &f);
                for (size_t i = 0; i < n.parameters; i++) CHECK(n.p[i] - n.p[i] == 0);
                release_network(n);
            }
            free(arena);
            free(f.bytes);
            release_data(d);
        }
    CHECK(diverged > 40); // most do; the others lost all their ReLUs in the first step
    printf("%u of 80 diverged\n", diverged);
}

/// The last update makes a weight infinite. No forward pass notices it, but writing does.
static void test_late_divergence(int32_t method) {
    const nnk_topology *t = &topologies[0];
    data d = random_data(t, 20);
    nnk_job job = job_of(t, &nnk_f32, &d, 1);
    job.method = methods[method];
    job.learning_rate = 1e300;
    const size_t bytes = nnk_train_bytes(&job);
    void *arena = room_for(bytes);
    file f = new_file(&job);
    CHECK_EQUAL(nnk_train_begin(&job, arena, bytes), NNK_OK);
    CHECK_EQUAL(steps(&job, arena), NNK_OK);
    CHECK_EQUAL(finish(&job, arena, &f), NNK_E_DIVERGED);
    CHECK_EQUAL(nnk_train_step(&job, arena), NNK_E_DIVERGED);
    nnk_progress progress;
    CHECK_EQUAL(nnk_train_progress(&job, arena, &progress), NNK_OK);
    CHECK(progress.stage == NNK_LOOP && progress.iteration == 1);
    CHECK_EQUAL(finish(&job, arena, &f), NNK_E_DIVERGED);
    CHECK_EQUAL(f.size, 0);
    free(arena);
    free(f.bytes);
    release_data(d);
}

/// The methods by their numbers, as a file or an option has them.
static void test_method_numbers(void) {
    FOR_EACH_METHOD(method) CHECK(nnk_method_of(method) == methods[method]);
    CHECK(!nnk_method_of(-1) && !nnk_method_of(NNK_GRAM_PACKED + 1) && !nnk_method_of(INT32_MIN));
}

#if defined(NNK_WITHOUT_OPTIONS)
/// A job with an option is not valid where the core has none.
static void test_no_options(void) {
    data d = random_data(&topologies[0], 9);
    const nnk_job plain = job_of(&topologies[0], &nnk_f64, &d, 1);
    const float weights[9] = {1};
    nnk_job jobs[10];
    for (size_t i = 0; i < 10; i++) jobs[i] = plain;
    jobs[0].center = true;
    jobs[1].own_contrast = true;
    jobs[2].weights = weights;
    jobs[3].weight_decay = 0.1;
    jobs[4].mirror = (nnk_mirror){5, 1};
    jobs[5].start = (const nnk_model *)(const void *)weights;
    jobs[6].gram = weights;
    jobs[7].method = &nnk_gram;
    jobs[8].keep_best = true;
    jobs[9].capacity = 9;
    CHECK(nnk_train_bytes(&plain) > 0);
    for (size_t i = 0; i < 10; i++) CHECK_EQUAL(nnk_train_bytes(&jobs[i]), 0);
    release_data(d);
}
#endif

int main(void) {
    test_method_numbers();
    for (size_t i = 0; i < TOPOLOGIES; i++) {
        if (topologies[i].size[0] > 200) continue;
        FOR_EACH_METHOD_OF(method, &topologies[i]) {
            test_gradient(&topologies[i], method, 0);
            test_gradient(&topologies[i], method, 4);
        }
    }
    test_invalid_jobs();
    test_other_jobs();
#if defined(NNK_WITHOUT_OPTIONS)
    test_no_options();
#endif
    FOR_EACH_METHOD_OF(method, &topologies[0]) test_late_divergence(method);
    test_checksum();
    test_strictness();
    FOR_EACH_TYPE(type) {
        test_training(type);
        for (size_t i = 0; i < TOPOLOGIES; i++) FOR_EACH_METHOD_OF(method, &topologies[i]) {
                test_moved(&topologies[i], type, method, 18);
                for (uint32_t m = 1; m <= 33; m += 16) test_leftovers(&topologies[i], type, method, m);
            }
        FOR_EACH_METHOD_OF(method, &nnk_deep) {
            test_costs(type, method);
            test_run(type, method);
            test_failing_source(type, method);
            test_failing_sink(type, method);
            test_divergence(type, method);
        }
        printf("%s: %u of %u data sets left out, close to a kink\n", type == NNK_F32 ? "float" : "double",
               left_out, compared);
        CHECK(left_out * 3 < compared);
        left_out = compared = 0;
    }
    return check_end();
}
