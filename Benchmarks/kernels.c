// Measures how fast the core's kernels are, and what this machine can do at most. Prints one JSON object.
//
//     kernels DATA.raw [ROUNDS [ITERATIONS]]        DATA.raw: m images of 12288 bytes, then m labels
//
// First comes a whole dual training in this process: the times of its phases and kernels, and how many
// operations are left in the loop when zeros are skipped. Then comes every kernel alone, with operands as in
// that loop. Everything runs on one thread. Each round goes through all kernels in turn, so that disturbances
// hit all alike.
#include "bench.h"
#if defined(__AVX2__)
#include <immintrin.h>
#endif

enum { UNITS = 20, CHAINS = 12, MAX_ROUNDS = 99, MAX_BENCHES = 64 };

// ---------------------------------------------------------------------------------------- the yardsticks

#if defined(__AVX512F__)
enum { NATIVE = 64 };
#elif defined(__AVX__)
enum { NATIVE = 32 };
#else
enum { NATIVE = 16 };
#endif

typedef float native_f32 __attribute__((vector_size(NATIVE), may_alias));
typedef double native_f64 __attribute__((vector_size(NATIVE), may_alias));
typedef int32_t native_int __attribute__((vector_size(NATIVE), may_alias));

static volatile double sink; // so that compilers compute it

enum { PEAK_STEPS = 4096, TABLE_STEPS = 128 };

#define EACH(i, count) _Pragma("GCC unroll 32") for (size_t i = 0; i < (count); i++)

/// s = s c + d in CHAINS registers, each by a multiplication and an addition: the peak without FMA.
/// And s += k[n] g, with k from memory and one number in all lanes: the peak of a product of matrices.
#define DEFINE_PEAKS(real, native)                                                                           \
    static void peak_##real(void) {                                                                          \
        native s[CHAINS], c = {0}, d = {0};                                                                  \
        c += (real)0.5, d += (real)1;                                                                        \
        EACH(i, CHAINS) s[i] = d + (real)i;                                                                  \
        for (int n = 0; n < PEAK_STEPS; n++) EACH(i, CHAINS) s[i] = s[i] * c + d;                            \
        EACH(i, CHAINS) if (i > 0) s[0] += s[i];                                                             \
        sink = (double)s[0][0];                                                                              \
    }                                                                                                        \
    static void peak_from_memory_##real(void) {                                                              \
        static real k[TABLE_STEPS * 10];                                                                     \
        static native g[TABLE_STEPS];                                                                        \
        native s[10] = {{0}};                                                                                \
        for (int repeat = 0; repeat < PEAK_STEPS / TABLE_STEPS; repeat++) {                                  \
            __asm__ volatile("" : : "r"(k), "r"(g) : "memory");                                              \
            for (int n = 0; n < TABLE_STEPS; n++) {                                                          \
                const native x = g[n];                                                                       \
                EACH(i, 10) s[i] += k[n * 10 + i] * x;                                                       \
            }                                                                                                \
        }                                                                                                    \
        EACH(i, 10) if (i > 0) s[0] += s[i];                                                                 \
        sink = (double)s[0][0];                                                                              \
    }

/// What dual_update does, with all operands in the first-level cache: it loads a delta into all lanes and the
/// place of a row, and makes four products with operands from that row.
#define DEFINE_ROWS_PEAK(real, native)                                                                       \
    static void peak_of_rows_##real(void) {                                                                  \
        static real k[TABLE_STEPS];                                                                          \
        static uint32_t place[TABLE_STEPS];                                                                  \
        static native g[TABLE_STEPS + 3];                                                                    \
        native s[4] = {{0}};                                                                                 \
        for (int n = 0; n < TABLE_STEPS; n++) place[n] = (uint32_t)n;                                        \
        for (int repeat = 0; repeat < PEAK_STEPS / TABLE_STEPS; repeat++) {                                  \
            __asm__ volatile("" : : "r"(k), "r"(g), "r"(place) : "memory");                                  \
            for (int n = 0; n < TABLE_STEPS; n++) {                                                          \
                const real x = k[n];                                                                         \
                EACH(i, 4) s[i] += x * g[place[n] + i];                                                      \
            }                                                                                                \
        }                                                                                                    \
        EACH(i, 4) if (i > 0) s[0] += s[i];                                                                  \
        sink = (double)s[0][0];                                                                              \
    }

DEFINE_ROWS_PEAK(float, native_f32)
DEFINE_ROWS_PEAK(double, native_f64)
DEFINE_PEAKS(float, native_f32)
DEFINE_PEAKS(double, native_f64)

/// Multiplies and adds pairs of 16-bit numbers, which is how products of bytes are computed.
/// Returns the number of multiply-adds, 0 where no such instruction is known here.
static double madd_peak(void) {
#if defined(__AVX512BW__)
    __m512i s[CHAINS], x = _mm512_set1_epi16(3);
    EACH(i, CHAINS) s[i] = _mm512_setzero_si512();
    for (int n = 0; n < PEAK_STEPS; n++) {
        __asm__ volatile("" : "+v"(x));
        EACH(i, CHAINS) s[i] = _mm512_add_epi32(s[i], _mm512_madd_epi16(x, s[i]));
    }
    EACH(i, CHAINS) sink = _mm512_reduce_add_epi32(s[i]);
    return 32.0 * CHAINS * PEAK_STEPS;
#elif defined(__AVX2__)
    __m256i s[CHAINS], x = _mm256_set1_epi16(3);
    EACH(i, CHAINS) s[i] = _mm256_setzero_si256();
    for (int n = 0; n < PEAK_STEPS; n++) {
        __asm__ volatile("" : "+x"(x));
        EACH(i, CHAINS) s[i] = _mm256_add_epi32(s[i], _mm256_madd_epi16(x, s[i]));
    }
    EACH(i, CHAINS) sink = _mm256_extract_epi32(s[i], 0);
    return 16.0 * CHAINS * PEAK_STEPS;
#else
    return 0;
#endif
}

static void run_madd(void) { madd_peak(); }

/// Reads `bytes`; count is a multiple of 1024. It does as little as possible with them.
static void read_memory(const void *bytes, size_t count) {
    native_int s[8] = {{0}};
    const native_int *p = bytes;
    for (size_t n = 0; n < count / NATIVE; n += 8) EACH(i, 8) s[i] |= p[n + i];
    EACH(i, 8) if (i > 0) s[0] |= s[i];
    sink = s[0][0];
}

// ------------------------------------------------------------------------------------------- the job

static uint32_t iterations = 2500;

static nnk_job job_with(const nnk_arithmetic *arithmetic) {
    return (nnk_job){.topology = &nnk_deep,
                     .arithmetic = arithmetic,
                     .method = &nnk_dual_wide,
                     .seed = 1,
                     .iterations = iterations,
                     .cost_every = 100,
                     .examples = m,
                     .learning_rate = 0.0075,
                     .labels = labels,
                     .images = {.images = images}};
}

typedef struct seconds {
    double setup, loop, expand, finish;
} seconds;

/// Trains once and writes the model to `model`.
static seconds train(const nnk_arithmetic *arithmetic, uint8_t *model) {
    const nnk_job job = job_with(arithmetic);
    const size_t bytes = nnk_train_bytes(&job);
    void *arena = memory(bytes);
    nnk_progress progress = {0};
    nnk_status status = NNK_MORE;
    const double start = now();
    check(nnk_train_begin(&job, arena, bytes) == NNK_OK, "begin");
    while (progress.stage == NNK_SETUP) {
        status = nnk_train_step(&job, arena);
        nnk_train_progress(&job, arena, &progress);
    }
    const double looping = now();
    // A few slices at a time, to see when the loop ends and W1 is written out.
    while (status > 0 && progress.iteration < iterations) {
        status = nnk_train_run(&job, arena, 16);
        nnk_train_progress(&job, arena, &progress);
    }
    const double expanding = now();
    while (status > 0) status = nnk_train_step(&job, arena);
    const double finishing = now();
    check(status == NNK_OK, "training");
    const nnk_sink out = {to_memory, model};
    do status = nnk_train_finish(&job, arena, out);
    while (status > 0);
    check(status == NNK_OK, "model");
    const double end = now();
    free(arena);
    return (seconds){looping - start, expanding - looping, finishing - expanding, end - finishing};
}

// --------------------------------------------------------- the same job, with a look at every kernel call

/// Kernels that are timed within a training, with the number of their multiplications and additions.
#define TIMED_KERNELS(X)                                                                                     \
    X(initialize)                                                                                            \
    X(gram_products)                                                                                         \
    X(input_forward)                                                                                         \
    X(dual_logits)                                                                                           \
    X(linear_forward)                                                                                        \
    X(relu)                                                                                                  \
    X(logit_cost)                                                                                            \
    X(logit_backward)                                                                                        \
    X(hidden_update)                                                                                         \
    X(bias_update)                                                                                           \
    X(dual_update)                                                                                           \
    X(input_gradient)                                                                                        \
    X(input_update)
#define NUMBER(kernel) K_##kernel,
enum { TIMED_KERNELS(NUMBER) KERNELS };
#define NAME(kernel) #kernel,
static const char *const kernel_names[] = {TIMED_KERNELS(NAME)};

static const nnk_arithmetic *inner;
static double spent[KERNELS], operations[KERNELS], calls[KERNELS];
static double kept_elements, all_elements;

#define TIMED(kernel, count, ...)                                                                            \
    do {                                                                                                     \
        const double begun = now();                                                                          \
        inner->kernel(__VA_ARGS__);                                                                          \
        spent[K_##kernel] += now() - begun;                                                                  \
        operations[K_##kernel] += (double)(count);                                                           \
        calls[K_##kernel]++;                                                                                 \
    } while (0)

static void t_initialize(nnk_real *w, size_t n, int32_t in, int32_t scheme, nnk_random *random) {
    TIMED(initialize, 0, w, n, in, scheme, random);
}
static void t_gram_products(uint32_t *sum, nnk_patch x, nnk_patch y) {
    TIMED(gram_products, 2 * x.examples * y.examples * x.width, sum, x, y);
}
static void t_input_forward(nnk_real *sum, const nnk_real *w, size_t units, nnk_patch p, nnk_real *tile) {
    TIMED(input_forward, 2 * units * p.width * p.examples, sum, w, units, p, tile);
}
static void t_dual_logits(nnk_real *a, const nnk_real *p, const nnk_real *b, bool relu, nnk_shape s) {
    TIMED(dual_logits, s.outputs * s.examples, a, p, b, relu, s);
}
static void t_linear_forward(nnk_real *z, const nnk_real *w, const nnk_real *b, const nnk_real *a,
                             nnk_shape s) {
    TIMED(linear_forward, (2 * s.inputs + 1) * s.outputs * s.examples, z, w, b, a, s);
}
static void t_relu(nnk_real *a, const nnk_real *z, size_t n) { TIMED(relu, 0, a, z, n); }
static double t_logit_cost(const nnk_real *z, const nnk_targets *y, size_t n) {
    const double begun = now(), cost = inner->logit_cost(z, y, n);
    spent[K_logit_cost] += now() - begun;
    calls[K_logit_cost]++;
    return cost;
}
static bool t_logit_backward(nnk_real *z, const uint8_t *y, size_t n) {
    const double begun = now();
    const bool finite = inner->logit_backward(z, y, n);
    spent[K_logit_backward] += now() - begun;
    calls[K_logit_backward]++;
    return finite;
}
static void t_hidden_update(nnk_real *a, nnk_real *w, const nnk_real *dz, double rate, nnk_real *row,
                            size_t units, nnk_shape s) {
    TIMED(hidden_update, 4 * units * s.outputs * s.examples, a, w, dz, rate, row, units, s);
}
static void t_bias_update(nnk_real *b, const nnk_real *dz, double rate, nnk_shape s) {
    TIMED(bias_update, s.outputs * s.examples, b, dz, rate, s);
}
static double element(const void *p, size_t i, int32_t dtype) {
    return dtype == NNK_F32 ? (double)((const float *)p)[i] : ((const double *)p)[i];
}
static void t_dual_update(nnk_real *p, nnk_real *d, const nnk_real *dz, double scale, const nnk_real *gram,
                          size_t column, size_t columns, nnk_shape s, uint8_t *scratch) {
    size_t elements = 0;
    for (size_t i = 0; i < s.outputs; i++)
        for (size_t j = 0; j < s.examples; j++) elements += element(dz, i * s.stride + j, inner->dtype) != 0;
    kept_elements += (double)elements;
    all_elements += (double)(s.outputs * s.examples);
    const size_t results = column + columns > s.examples ? s.examples - column : columns;
    TIMED(dual_update, 2 * elements * results, p, d, dz, scale, gram, column, columns, s, scratch);
}
static void t_input_gradient(nnk_real *g, const nnk_real *dz, size_t stride, size_t units, nnk_patch p) {
    TIMED(input_gradient, 2 * units * p.width * p.examples, g, dz, stride, units, p);
}
static void t_input_update(nnk_real *w, const nnk_real *g, double rate, size_t units, size_t width) {
    TIMED(input_update, 2 * units * width, w, g, rate, units, width);
}

static nnk_arithmetic with_clocks(const nnk_arithmetic *arithmetic) {
    nnk_arithmetic timed = *arithmetic;
    inner = arithmetic;
#define REPLACE(kernel) timed.kernel = t_##kernel;
    TIMED_KERNELS(REPLACE)
    for (int k = 0; k < KERNELS; k++) spent[k] = operations[k] = calls[k] = 0;
    kept_elements = all_elements = 0;
    return timed;
}

// ---------------------------------------------------------------------------------------- kernels alone

/// Operands of one element type, as in the loop.
typedef struct operands {
    const nnk_arithmetic *k;
    const nnk_inference *inference;
    const char *precision;
    nnk_shape all;                ///< dual_update's: 20 units, m examples
    nnk_real *p, *d;              ///< P and D
    nnk_real *e, *e_zero, *e_all; ///< deltas: as many are non-zero as in the loop; none; all
    nnk_real *gram, *w, *a, *z;   ///< w: a model's parameters
    nnk_real *sums, *tile, *gradient, *drawn;
    uint8_t *scratch; ///< dual_update's
    nnk_model model;
    uint32_t products[NNK_LANES * NNK_LANES];
    _Alignas(8) uint8_t predictor[NNK_PREDICT_BYTES(DEEP, 8)];
    nnk_random random;
} operands;

static operands of[2], *o; // f32, f64; the one that is being measured

static const size_t weight_count = (size_t)UNITS * PIXELS;

static nnk_patch patch(size_t examples, size_t offset) {
    return (nnk_patch){images + offset, PIXELS, examples < m ? examples : m, NNK_PATCH};
}

static void run_update(const nnk_real *e) {
    o->k->dual_update(o->p, o->d, e, -1.0, o->gram, 0, o->all.stride, o->all, o->scratch);
}
static void run_dual_update(void) { run_update(o->e); }
static void run_dual_update_none(void) { run_update(o->e_zero); }
static void run_dual_update_all(void) { run_update(o->e_all); }

static void run_gram_products(void) {
    nnk_patch x = patch(NNK_LANES, 0);
    x.width = PIXELS;
    o->k->gram_products(o->products, x, x);
}
/// The address of real i.
static const nnk_real *at(const nnk_real *reals, size_t i) {
    return (const nnk_real *)((const uint8_t *)reals + i * (size_t)o->k->real_bytes);
}
static void run_input_forward(void) {
    for (size_t k = 0; k < PIXELS; k += NNK_PATCH)
        o->k->input_forward(o->sums, at(o->w, k * UNITS), UNITS, patch(NNK_LANES, k), o->tile);
}
static void run_input_gradient(void) {
    o->k->input_gradient(o->gradient, o->e_all, o->all.stride, UNITS, patch(m, 0));
}
static nnk_shape layer_2(void) { return (nnk_shape){7, UNITS, o->all.stride, o->all.stride}; }
static void run_linear_forward(void) { o->k->linear_forward(o->z, o->w, o->w, o->a, layer_2()); }
static void run_sigmoid(void) { o->k->sigmoid(o->z, o->a, o->all.stride * UNITS); }
static void run_initialize(void) { o->k->initialize(o->drawn, 1024, PIXELS, NNK_INIT_DEEP, &o->random); }
static void run_crc(void) { sink = o->k->crc32(0, images, PIXELS); }
static void run_weights_read(void) {
    read_memory(o->model.parameters, weight_count * (size_t)o->k->real_bytes);
}
static void run_gram_read(void) { // rounded down to whole kilobytes
    read_memory(o->gram, o->all.stride * m * (size_t)o->k->real_bytes / 1024 * 1024);
}
static void run_predict(void) {
    double probability = 0;
    const nnk_status begun = nnk_predict_begin(o->predictor, sizeof o->predictor, &o->model, o->inference);
    check(begun == NNK_OK && nnk_predict_feed(o->predictor, images, PIXELS) == NNK_OK &&
              nnk_predict_finish(o->predictor, &probability) == NNK_OK,
          "predict");
    sink = probability;
}

typedef struct bench {
    const char *name, *unit;
    operands *o;
    void (*run)(void);
    double work;          ///< of one run, in `unit`
    double bytes;         ///< that one run must read
    long repeats;         ///< runs in one round
    double t[MAX_ROUNDS]; ///< seconds of one run
} bench;

static bench benches[MAX_BENCHES];
static int bench_count;

static void add(const char *name, operands *with, void (*run)(void), double work, const char *unit,
                double bytes) {
    check(bench_count < MAX_BENCHES, "too many benches");
    benches[bench_count++] = (bench){name, unit, with, run, work, bytes, 1, {0}};
}

static double time_of(const bench *b) {
    o = b->o;
    const double start = now();
    for (long i = 0; i < b->repeats; i++) b->run();
    return (now() - start) / (double)b->repeats;
}

static int by_size(const void *x, const void *y) {
    const double a = *(const double *)x, b = *(const double *)y;
    return (a > b) - (a < b);
}

static nnk_real *reals(const operands *with, size_t count) {
    return memory((count + NNK_LANES) * (size_t)with->k->real_bytes);
}

static void set(const operands *with, void *p, size_t i, double value) {
    if (with->k->dtype == NNK_F32)
        ((float *)p)[i] = (float)value;
    else
        ((double *)p)[i] = value;
}

static void prepare(operands *with, const uint8_t *model, size_t model_bytes, size_t elements) {
    const size_t stride = NNK_STRIDE(m);
    with->all = (nnk_shape){UNITS, UNITS, m, stride};
    with->p = reals(with, UNITS * stride);
    with->d = reals(with, UNITS * stride);
    with->e = reals(with, UNITS * stride);
    with->e_zero = reals(with, UNITS * stride);
    with->e_all = reals(with, UNITS * stride);
    with->gram = reals(with, m * stride);
    with->scratch = memory(UNITS * NNK_LIST_BYTES(with->k->real_bytes));
    with->w = reals(with, weight_count);
    with->a = reals(with, UNITS * stride);
    with->z = reals(with, UNITS * stride);
    with->sums = reals(with, UNITS * NNK_LANES);
    with->tile = reals(with, NNK_PATCH * NNK_LANES);
    with->gradient = reals(with, UNITS * NNK_PATCH);
    with->drawn = reals(with, 1024);
    nnk_random_seed(&with->random, 1);
    with->k->initialize(with->w, weight_count, PIXELS, NNK_INIT_DEEP, &with->random);
    for (size_t i = 0; i < UNITS * stride; i++) set(with, with->a, i, nnk_random_normal(&with->random));
    // Deltas are small, so that sums stay finite however often they are updated.
    for (size_t i = 0; i < m * stride; i++) set(with, with->gram, i, nnk_random_normal(&with->random));
    size_t set_elements = 0;
    for (size_t j = 0; j < m; j++)
        for (size_t i = 0; i < UNITS; i++) {
            const double delta = 1e-12 * nnk_random_normal(&with->random);
            set(with, with->e_all, i * stride + j, delta);
            // Each of the remaining deltas is equally likely to be one of the missing ones.
            const double left = (double)((m - j) * UNITS - i), lack = (double)(elements - set_elements);
            if (left * nnk_random_uniform(&with->random) >= lack) continue;
            set(with, with->e, i * stride + j, delta);
            set_elements++;
        }
    check(nnk_model_open(&with->model, model, model_bytes, &nnk_deep) == NNK_OK, "open");
}

static void add_benches(operands *with, size_t elements) {
    const int f32 = with->k->dtype == NNK_F32;
    const double real = with->k->real_bytes, rows = UNITS, n = m, stride = (double)with->all.stride;
    const double per_step = (double)NATIVE / real * 2;
    add("peak", with, f32 ? peak_float : peak_double, per_step * CHAINS * PEAK_STEPS, "flop", 0);
    add("peak, one operand from memory", with, f32 ? peak_from_memory_float : peak_from_memory_double,
        per_step * 10 * PEAK_STEPS, "flop", 0);
    add("peak, as dual_update loads", with, f32 ? peak_of_rows_float : peak_of_rows_double,
        per_step * 4 * PEAK_STEPS, "flop", 0);
    add("weights read", with, run_weights_read, (double)weight_count * real, "B",
        (double)weight_count * real);
    add("predict", with, run_predict, 2.0 * (double)weight_count, "flop", (double)weight_count * real);
    add("Gram matrix read", with, run_gram_read, n * stride * real, "B", n * stride * real);
    add("dual_update", with, run_dual_update, 2 * n * (double)elements, "flop", 0);
    add("dual_update, no deltas", with, run_dual_update_none, 0, "flop", 0);
    add("dual_update, all deltas", with, run_dual_update_all, 2 * rows * n * n, "flop", 0);
    add("linear_forward 7x20", with, run_linear_forward, (2 * 20 + 1) * 7 * stride, "flop", 0);
    add("input_forward", with, run_input_forward, 2 * rows * PIXELS * NNK_LANES, "flop", 0);
    add("input_gradient", with, run_input_gradient, 2 * rows * n * NNK_PATCH, "flop", 0);
    add("sigmoid", with, run_sigmoid, rows * stride, "element", 0);
    add("initialize", with, run_initialize, 1024, "normal", 0);
    if (!f32) {
        const double side = m < NNK_LANES ? n : NNK_LANES;
        add("gram_products", with, run_gram_products, side * side * PIXELS, "multiply-add", 0);
        add("peak, 16-bit multiply-add", with, run_madd, madd_peak(), "multiply-add", 0);
        add("crc32", with, run_crc, PIXELS, "B", PIXELS);
    }
}

static void run_benches(int rounds) {
    const double round_seconds = 2e-3;
    for (int b = 0; b < bench_count; b++) {
        time_of(&benches[b]); // to warm up
        const double once = time_of(&benches[b]);
        if (once < round_seconds) benches[b].repeats = 1 + (long)(round_seconds / (once + 1e-9));
    }
    for (int round = 0; round < rounds; round++)
        for (int b = 0; b < bench_count; b++) benches[b].t[round] = time_of(&benches[b]);
}

static void print_benches(int rounds) {
    printf(" \"kernels\": [\n");
    for (int i = 0; i < bench_count; i++) {
        bench *b = &benches[i];
        qsort(b->t, (size_t)rounds, sizeof *b->t, by_size);
        printf("  {\"name\": \"%s\", \"precision\": \"%s\", \"seconds_min\": %.4g, \"seconds_median\": %.4g, "
               "\"work\": %.9g, \"unit\": \"%s\", \"bytes\": %.9g}%s\n",
               b->name, b->o->precision, b->t[0], b->t[rounds / 2], b->work, b->unit, b->bytes,
               i + 1 < bench_count ? "," : "");
    }
    printf(" ]\n");
}

/// Prints the times of the best of several trainings, and the times of every kernel in one more training.
/// Returns the average number of non-zero deltas.
static size_t profile(const operands *with, uint8_t *model, int rounds, int last) {
    seconds best = train(with->k, model);
    double loops[MAX_ROUNDS] = {best.loop};
    for (int i = 1; i < rounds; i++) {
        const seconds s = train(with->k, model);
        if (s.setup < best.setup) best.setup = s.setup;
        if (s.loop < best.loop) best.loop = s.loop;
        if (s.expand < best.expand) best.expand = s.expand;
        if (s.finish < best.finish) best.finish = s.finish;
        loops[i] = s.loop;
    }
    qsort(loops, (size_t)rounds, sizeof *loops, by_size);
    const nnk_arithmetic timed = with_clocks(with->k);
    const seconds looked = train(&timed, model);
    printf(
        "  {\"precision\": \"%s\", \"examples\": %u, \"iterations\": %u,\n"
        "   \"seconds\": {\"setup\": %.6g, \"loop\": %.6g, \"loop_median\": %.6g, \"expand\": %.6g, "
        "\"finish\": %.6g},\n"
        "   \"seconds_with_clocks\": {\"setup\": %.6g, \"loop\": %.6g, \"expand\": %.6g, \"finish\": %.6g},\n"
        "   \"elements\": %.6g,\n   \"kernels\": {",
        with->precision, m, iterations, best.setup, best.loop, loops[rounds / 2], best.expand, best.finish,
        looked.setup, looked.loop, looked.expand, looked.finish, kept_elements / all_elements);
    for (int k = 0; k < KERNELS; k++)
        printf("%s\n    \"%s\": {\"seconds\": %.6g, \"calls\": %.9g, \"operations\": %.12g}", k ? "," : "",
               kernel_names[k], spent[k], calls[k], operations[k]);
    printf("}}%s\n", last ? "" : ",");
    return (size_t)(kept_elements / iterations + 0.5);
}

int main(int argc, char **argv) {
    if (argc < 2) return 64;
    read_data(argv[1]);
    const int rounds = argc > 2 ? atoi(argv[2]) : 15;
    if (argc > 3) iterations = (uint32_t)atoi(argv[3]);
    check(rounds > 0 && rounds <= MAX_ROUNDS && iterations > 0, "rounds and iterations");
    of[0] = (operands){
        .k = nnk_fastest(NNK_F32), .inference = nnk_fastest_inference(NNK_F32), .precision = "f32"};
    of[1] = (operands){
        .k = nnk_fastest(NNK_F64), .inference = nnk_fastest_inference(NNK_F64), .precision = "f64"};
    printf("{\"native_bytes\": %d,\n \"jobs\": [\n", NATIVE);
    for (int i = 0; i < 2; i++) {
        const size_t bytes =
            NNK_HEADER_BYTES + NNK_PARAMETERS(DEEP) * (size_t)of[i].k->real_bytes + 2 * NNK_CLASS_NAME_BYTES;
        uint8_t *model = memory(bytes);
        const size_t elements = profile(&of[i], model, rounds < 5 ? rounds : 5, i == 1);
        prepare(&of[i], model, bytes, elements);
        add_benches(&of[i], elements);
    }
    printf(" ],\n");
    run_benches(rounds);
    print_benches(rounds);
    printf("}\n");
    return 0;
}
