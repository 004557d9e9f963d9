/// The options of training (train.h): weights of examples, weight decay, mirrored images, the images' mean
/// taken off, each image's own contrast taken off.
///
/// Each is compared with gradient descent as a textbook has it, on inputs that are made in full, in the wide
/// type.
#include "jobs.h"
#include "nnkernel/checkpoint.h"

enum { SIZE = 192, ROW = 48, PIXEL = 3, EXAMPLES = 21, ITERATIONS = 8 };

static const nnk_topology topology = {3, {SIZE, 6, 4, 1}};

/// A job and what it refers to.
typedef struct setting {
    data data;
    float weights[EXAMPLES];
    file start_file;
    nnk_model start;
    nnk_job job;
} setting;

/// KEEP_BEST comes with WEIGHTS alone.
enum {
    WEIGHTS = 1,
    DECAY = 2,
    MIRROR = 4,
    CENTER = 8,
    OWN_CONTRAST = 16,
    START = 32,
    KEEP_BEST = 64,
    ALL = 127
};

static bool makes_sense(int options) { return !(options & KEEP_BEST) || (options & WEIGHTS); }

/// Brightness and contrast differ from image to image, as in photos. One image has no contrast.
static void draw_images(uint8_t *images, size_t count) {
    for (size_t j = 0; j < count; j++) {
        const uint32_t from = random_below(150), range = j == 2 ? 1 : 70 + random_below(36);
        for (size_t k = 0; k < SIZE; k++) images[j * SIZE + k] = (uint8_t)(from + random_below(range));
    }
}

static void become_i8(setting *s) {
    file i8 = new_file(&s->job);
    CHECK_EQUAL(nnk_model_quantize(&s->start, sink_of(&i8)), NNK_OK);
    free(s->start_file.bytes);
    s->start_file = i8;
    s->start = opened(&s->start_file, &topology);
}

static setting *setting_of(int options, int32_t type) {
    setting *s = room_for(sizeof *s);
    s->data = random_data(&topology, EXAMPLES);
    draw_images(s->data.images, EXAMPLES);
    for (uint32_t j = 0; j < EXAMPLES; j++) {
        s->data.labels[j] = j % 2;
        s->weights[j] = j % 5 == 3 ? 0 : (float)random_between(0.2, 2);
    }
    s->job = job_of(&topology, arithmetic_at(type, 0), &s->data, ITERATIONS);
    s->job.initializer = NNK_INIT_DEEP;
    s->job.learning_rate = options & OWN_CONTRAST ? 0.02 : 0.1;
    if (options & WEIGHTS) s->job.weights = s->weights;
    if (options & DECAY) s->job.weight_decay = 0.3;
    if (options & MIRROR) s->job.mirror = (nnk_mirror){ROW, PIXEL};
    s->job.own_contrast = (options & OWN_CONTRAST) != 0;
    // The model to start from is of another type, in turn.
    nnk_job first = s->job;
    first.arithmetic = arithmetic_at(NNK_F32 + options / 2 % 2, 0);
    first.weights = NULL;
    first.weight_decay = 0;
    first.mirror = (nnk_mirror){0, 0};
    first.iterations = 3;
    first.seed = 5;
    s->start_file = train(&first);
    s->start = opened(&s->start_file, &topology);
    if (options % 3 == 0) become_i8(s);
    if (options & START) s->job.start = &s->start;
    s->job.center = (options & CENTER) != 0;
    s->job.keep_best = (options & KEEP_BEST) != 0;
    return s;
}

static nnk_status file_read(void *context, uint32_t offset, uint32_t count, uint8_t *out) {
    const file *f = context;
    if (!CHECK((size_t)offset + count <= f->size)) return NNK_E_SOURCE;
    memcpy(out, f->bytes + offset, count);
    return NNK_OK;
}

static void release_setting(setting *s) {
    release_data(s->data);
    free(s->start_file.bytes);
    free(s);
}

// ---- The textbook's network, on inputs that are numbers ---------------------------------------------------

/// A byte of example j: of an image, or of its mirror image.
static uint8_t byte_of(const setting *s, uint32_t j, uint32_t k) {
    const uint32_t column = k % ROW / PIXEL,
                   mirrored = k - k % ROW + (ROW / PIXEL - 1 - column) * PIXEL + k % PIXEL;
    return s->data.images[j % EXAMPLES * SIZE + (j < EXAMPLES ? k : mirrored)];
}

/// x (examples, SIZE): what the network learns.
///   mean_of (SIZE): what is taken off all images
static wide *inputs_of(const setting *s, uint32_t examples, wide *mean_of) {
    wide *x = room_for(sizeof *x * examples * SIZE);
    for (uint32_t j = 0; j < examples; j++) {
        uint32_t sum = 0, squares = 0;
        for (uint32_t k = 0; k < SIZE; k++) {
            sum += byte_of(s, j, k);
            squares += (uint32_t)byte_of(s, j, k) * byte_of(s, j, k);
        }
        const uint32_t variance = SIZE * squares - sum * sum; // times SIZE^2
        const wide mean = (wide)sum / (wide)SIZE, deviation = (wide)sqrtl((long double)variance) / (wide)SIZE;
        for (uint32_t k = 0; k < SIZE; k++) {
            const wide byte = byte_of(s, j, k);
            x[j * SIZE + k] = !s->job.own_contrast ? byte / 255
                              : variance == 0      ? 0
                                                   : (byte - mean) / deviation;
        }
    }
    for (uint32_t k = 0; k < SIZE; k++) {
        mean_of[k] = 0;
        for (uint32_t j = 0; s->job.center && j < examples; j++) mean_of[k] += x[j * SIZE + k] / examples;
        for (uint32_t j = 0; j < examples; j++) x[j * SIZE + k] -= mean_of[k];
    }
    return x;
}

enum { UNITS = 11, PARAMETERS = (SIZE + 1) * 6 + 7 * 4 + 5 };

/// z (UNITS) = the logits of all units; returns that of the output.
static wide pass(const wide *p, const wide *x, wide *z) {
    const wide *below = NULL;
    for (int32_t l = 1; l <= topology.layers; l++) {
        const size_t inputs = (size_t)topology.size[l - 1], outputs = (size_t)topology.size[l];
        for (size_t i = 0; i < outputs; i++) {
            z[i] = p[inputs * outputs + i];
            for (size_t k = 0; k < inputs; k++)
                z[i] += p[i * inputs + k] * (!below ? x[k] : below[k] > 0 ? below[k] : 0);
        }
        p += (inputs + 1) * outputs;
        below = z;
        z += outputs;
    }
    return z[-1];
}

/// slope (PARAMETERS) += weight times the derivatives of the cost of one example.
static void add_slope(const wide *p, const wide *x, wide label, wide weight, wide *slope) {
    wide z[UNITS], dz[UNITS];
    dz[UNITS - 1] = weight * (1 / (1 + wide_exp(-pass(p, x, z))) - label);
    size_t above = UNITS, at = PARAMETERS;
    for (int32_t l = topology.layers; l >= 1; l--) {
        const size_t inputs = (size_t)topology.size[l - 1], outputs = (size_t)topology.size[l];
        above -= outputs;
        at -= (inputs + 1) * outputs;
        for (size_t i = 0; i < outputs; i++) slope[at + inputs * outputs + i] += dz[above + i];
        for (size_t k = 0; k < inputs; k++) {
            const wide under = l == 1 ? x[k] : z[above - inputs + k];
            wide sum = 0;
            for (size_t i = 0; i < outputs; i++) {
                if (l == 1 || under > 0) slope[at + i * inputs + k] += dz[above + i] * under;
                sum += p[at + i * inputs + k] * dz[above + i];
            }
            if (l > 1) dz[above - inputs + k] = under > 0 ? sum : 0;
        }
    }
}

/// A training of the reference.
typedef struct reference {
    const setting *s;
    uint32_t examples;
    wide total, held_out;
    wide *x, *p;
} reference;

static wide weight_of(const reference *r, uint32_t j) {
    return r->s->job.weights ? (wide)r->s->weights[j % EXAMPLES] : 1;
}

/// A parameter of the model to start from, as a float or a byte says it.
static wide start_parameter(const nnk_model *m, size_t i) {
    if (m->dtype != NNK_I8) return (wide)parameter_of(m, i);
    const size_t first = SIZE * 6;
    const int8_t *w = nnk_model_weights(m, 1);
    if (i < first) return (wide)nnk_model_scales(m)[i / SIZE] * w[i];
    return (wide)((const float *)nnk_model_biases(m, 1))[i - first];
}

/// It starts from the initial weights, which a job without options writes, or from a model, whose bias is for
/// images as they are.
static reference reference_of(const setting *s) {
    const uint32_t examples = s->job.mirror.row_bytes ? 2 * EXAMPLES : EXAMPLES;
    wide mean[SIZE];
    reference r = {s, examples, 0, 0, inputs_of(s, examples, mean), room_for(PARAMETERS * sizeof(wide))};
    nnk_job none = job_of(&topology, s->job.arithmetic, &s->data, 0);
    none.initializer = NNK_INIT_DEEP;
    file start = train(&none);
    const nnk_model m = opened(&start, &topology);
    const int32_t type = s->job.arithmetic->dtype;
    for (size_t i = 0; i < PARAMETERS; i++) r.p[i] = (wide)parameter_of(&m, i);
    for (size_t i = 0; s->job.start && i < PARAMETERS; i++)
        r.p[i] = (wide)rounded((double)start_parameter(&s->start, i), type);
    for (size_t i = 0; s->job.start && i < SIZE * 6; i++) r.p[SIZE * 6 + i / SIZE] += r.p[i] * mean[i % SIZE];
    for (uint32_t j = 0; j < examples; j++) {
        r.total += weight_of(&r, j);
        r.held_out += weight_of(&r, j) == 0;
    }
    free(start.bytes);
    return r;
}

static void release_reference(reference r) {
    free(r.x);
    free(r.p);
}

/// The logit of a hidden unit that is closest to zero, where ReLU has its kink. Exact zeros come from zeros
/// alone, so they are zeros in every arithmetic.
static wide closest_to_kink(const reference *r) {
    wide z[UNITS], closest = 1;
    for (uint32_t j = 0; j < r->examples; j++) {
        pass(r->p, r->x + j * SIZE, z);
        for (size_t u = 0; u + 1 < UNITS; u++)
            if (wide_abs(z[u]) < closest && z[u] != 0) closest = wide_abs(z[u]);
    }
    return closest;
}

static void costs_of(const reference *r, double *cost, double *held_out_cost) {
    wide sum = 0, held_out = 0, z[UNITS];
    for (uint32_t j = 0; j < r->examples; j++) {
        const wide out = pass(r->p, r->x + j * SIZE, z), w = weight_of(r, j);
        const wide own = wide_log1p(wide_exp(r->s->data.labels[j % EXAMPLES] ? -out : out));
        sum += w * own;
        if (w == 0) held_out += own;
    }
    *cost = (double)(sum / r->total);
    *held_out_cost = r->held_out > 0 ? (double)(held_out / r->held_out) : 0;
}

/// W <- (1 - rate decay) W - rate dW, b <- b - rate db.
static void step_reference(reference *r) {
    wide *slope = room_for(PARAMETERS * sizeof *slope);
    for (size_t i = 0; i < PARAMETERS; i++) slope[i] = 0;
    for (uint32_t j = 0; j < r->examples; j++)
        add_slope(r->p, r->x + j * SIZE, r->s->data.labels[j % EXAMPLES], weight_of(r, j), slope);
    const wide rate = (wide)r->s->job.learning_rate, factor = 1 - rate * (wide)r->s->job.weight_decay;
    size_t at = 0;
    for (int32_t l = 1; l <= topology.layers; l++) {
        const size_t weights = (size_t)topology.size[l - 1] * (size_t)topology.size[l];
        for (size_t i = at; i < at + weights; i++) r->p[i] *= factor;
        at += weights + (size_t)topology.size[l];
    }
    for (size_t i = 0; i < PARAMETERS; i++) r->p[i] -= rate * slope[i] / r->total;
    free(slope);
}

// ---- Comparisons ------------------------------------------------------------------------------------------

static uint32_t compared, left_out;

/// The costs of all iterations, and the probabilities that the written model gives to the images. Where a
/// logit comes so close to zero that rounding decides whether its unit is on, the comparison ends.
static void test_against_reference(int options, int32_t type, int32_t method) {
    setting *s = setting_of(options, type);
    nnk_job *job = &s->job;
    job->method = methods[method];
    reference r = reference_of(s);
    const size_t bytes = nnk_train_bytes(job);
    void *arena = room_for(bytes);
    CHECK_EQUAL(nnk_train_begin(job, arena, bytes), NNK_OK);
    // A cost is a mean over examples of sums over inputs, each rounded; the rounding of one iteration is
    // carried on by the next ones. float's Gram matrix also misses up to 32 of 10^6 to 10^7, and an image
    // with little contrast multiplies that.
    const double tolerance = type == NNK_F64 ? 1e-12 : options & OWN_CONTRAST ? 1e-3 : 2e-5;
    nnk_status status;
    uint32_t costs = 0, best = ITERATIONS;
    double best_cost = 0;
    wide *kept = room_for(PARAMETERS * sizeof *kept);
    bool far = true;
    compared++;
    while ((status = nnk_train_step(job, arena)) > 0) {
        if (status != NNK_COST) continue;
        nnk_progress now;
        double cost, held_out_cost;
        CHECK_EQUAL(nnk_train_progress(job, arena, &now), NNK_OK);
        costs_of(&r, &cost, &held_out_cost);
        far = far && closest_to_kink(&r) > (type == NNK_F64 ? 1e-13 : 6e-5);
        if (!far) continue;
        CHECK_NEAR(now.cost, cost, tolerance);
        CHECK_NEAR(now.held_out_cost, held_out_cost, tolerance);
        CHECK((held_out_cost > 0) == (job->weights != NULL));
        if (job->keep_best && (costs == 0 || held_out_cost < best_cost)) {
            best = costs;
            best_cost = held_out_cost;
            memcpy(kept, r.p, PARAMETERS * sizeof *kept);
        }
        CHECK_EQUAL(now.kept_iteration, best);
        step_reference(&r);
        costs++;
    }
    CHECK_EQUAL(status, NNK_OK);
    CHECK(costs == ITERATIONS || !far);
    left_out += !far;
    file f = new_file(job);
    CHECK_EQUAL(finish(job, arena, &f), NNK_OK);
    const nnk_model m = opened(&f, &topology);
    if (job->keep_best) {
        CHECK(!far || record_of(&m).kept_iteration == best);
        memcpy(r.p, kept, PARAMETERS * sizeof *kept);
    }
    free(kept);
    for (uint32_t j = 0; far && j < EXAMPLES; j++) {
        wide z[UNITS];
        const double p = predict(nnk_fastest_inference(type), &m, s->data.images + j * SIZE, 0);
        CHECK_NEAR(p, 1 / (1 + wide_exp(-pass(r.p, r.x + j * SIZE, z))), tolerance);
    }
    release_reference(r);
    free(f.bytes);
    free(arena);
    release_setting(s);
}

/// Every arithmetic, with mapped and with read images, and both dual methods: one model.
static void test_same_bits(int options, int32_t type, int32_t method) {
    setting *s = setting_of(options, type);
    nnk_job *job = &s->job;
    job->method = methods[method];
    file want = train(job);
    FOR_EACH_ARITHMETIC(k, type) {
        for (int reads = 0; reads < 2; reads++) {
            job->arithmetic = k;
            job->images = reads ? read_in(&s->data) : mapped(&s->data);
            file got = train(job);
            CHECK_SAME_FILE(want, got);
            free(got.bytes);
            if (method != NNK_DUAL) continue;
            job->method = &nnk_dual_wide;
            got = train(job);
            CHECK_SAME_FILE(want, got);
            free(got.bytes);
            job->method = &nnk_dual;
        }
    }
    free(want.bytes);
    release_setting(s);
}

/// Mirrored images train as a data set that has the mirror images behind the images: the same parameters and
/// costs.
static void test_mirror(int options, int32_t type, int32_t method) {
    setting *s = setting_of(options | MIRROR, type);
    s->job.method = methods[method];
    data both = random_data(&topology, 2 * EXAMPLES);
    float weights[2 * EXAMPLES];
    for (uint32_t j = 0; j < 2 * EXAMPLES; j++) {
        both.labels[j] = s->data.labels[j % EXAMPLES];
        weights[j] = s->weights[j % EXAMPLES];
        for (uint32_t k = 0; k < SIZE; k++) both.images[j * SIZE + k] = byte_of(s, j, k);
    }
    nnk_job plain = s->job;
    plain.mirror = (nnk_mirror){0, 0};
    plain.examples = 2 * EXAMPLES;
    plain.labels = both.labels;
    plain.images = mapped(&both);
    if (plain.weights) plain.weights = weights;
    CHECK_EQUAL(nnk_train_bytes(&plain), nnk_train_bytes(&s->job));
    file want = train(&plain), got = train(&s->job);
    CHECK_SAME(want.bytes + NNK_HEADER_BYTES, got.bytes + NNK_HEADER_BYTES, bytes_of(PARAMETERS, type));
    free(want.bytes);
    free(got.bytes);
    release_data(both);
    release_setting(s);
}

static void expect_start(const nnk_job *job, nnk_status want) {
    const size_t bytes = nnk_train_bytes(job);
    CHECK((bytes == 0) == (want == NNK_E_ARGUMENT));
    void *arena = room_for(bytes);
    CHECK_EQUAL(nnk_train_begin(job, arena, bytes), want);
    free(arena);
}

/// Forms the Gram matrix of a job's images in a memory of its own.
static void *formed_gram(const nnk_job *trainer, size_t *bytes) {
    nnk_job job = *trainer;
    job.method = trainer->method == &nnk_dual ? &nnk_gram_packed : &nnk_gram;
    job.labels = NULL;
    job.weights = NULL;
    job.start = NULL;
    job.keep_best = false;
    job.iterations = UINT32_MAX; // would take minutes
    *bytes = nnk_train_bytes(&job);
    void *gram = room_for(*bytes);
    nnk_job without_labels = *trainer;
    without_labels.labels = NULL; // a trainer needs them
    CHECK_EQUAL(nnk_train_begin(&without_labels, gram, *bytes), NNK_E_ARGUMENT);
    memset(gram, 0xa5, *bytes);
    CHECK_EQUAL(nnk_train_begin(&job, gram, *bytes), NNK_OK);
    nnk_job user = *trainer;
    user.gram = gram;
    expect_start(&user, NNK_E_STATE); // it is not formed
    CHECK_EQUAL(steps(&job, gram), NNK_OK);
    nnk_progress progress;
    CHECK_EQUAL(nnk_train_progress(&job, gram, &progress), NNK_OK);
    CHECK_EQUAL(progress.stage, NNK_TRAINED);
    CHECK_EQUAL(progress.iteration, 0);
    file none = new_file(trainer);
    CHECK_EQUAL(finish(&job, gram, &none), NNK_E_STATE);
    nnk_checkpoint at_start = {0, 0};
    on_card no_file = {0};
    CHECK_EQUAL(nnk_checkpoint_bytes(&job), 0);
    CHECK_EQUAL(nnk_checkpoint_save(&job, gram, &at_start, sink_of(&none)), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_checkpoint_load(&job, gram, *bytes, &at_start, reader_of(&no_file)), NNK_E_ARGUMENT);
    free(none.bytes);
    return gram;
}

/// Calls of the source in a training.
static uint32_t reads_of(nnk_job job, setting *s) {
    const size_t bytes = nnk_train_bytes(&job);
    void *memory = room_for(bytes);
    job.images = read_in(&s->data);
    s->data.reader.calls = 0;
    CHECK_EQUAL(nnk_train_begin(&job, memory, bytes), NNK_OK);
    CHECK_EQUAL(steps(&job, memory), NNK_OK);
    free(memory);
    return s->data.reader.calls;
}

/// Trainers that read one Gram matrix, with other labels, weights, seeds and options, write the models of
/// trainers that form their own, and leave it as it is.
static void test_shared_gram(int options, int32_t type, int32_t method) {
    setting *s = setting_of(options, type);
    size_t bytes;
    s->job.method = methods[method];
    void *gram = formed_gram(&s->job, &bytes), *before = copy_of(gram, bytes);
    for (uint32_t fold = 0; fold < 3; fold++) {
        nnk_job job = s->job;
        job.seed = fold;
        job.center = fold % 2;
        if (!job.start) job.own_contrast = fold > 0;
        job.weights = s->weights;
        for (uint32_t j = 0; j < EXAMPLES; j++) s->weights[j] = j / 2 % 3 == fold ? 0 : 1;
        s->data.labels[fold] ^= 1;
        job.images = fold ? mapped(&s->data) : read_in(&s->data);
        file want = train(&job);
        job.gram = gram;
        file got = train(&job);
        CHECK_SAME_FILE(want, got);
        free(want.bytes);
        free(got.bytes);
    }
    CHECK_SAME(before, gram, bytes);
    nnk_job other = s->job;
    other.gram = gram;
    // A trainer that forms its own reads the images once for the checksum, and again for the Gram matrix.
    CHECK(reads_of(other, s) + EXAMPLES < reads_of(s->job, s));
    other.examples--;
    expect_start(&other, NNK_E_STATE);
    other.examples++;
    other.method = method == NNK_DUAL ? &nnk_dual_wide : &nnk_dual;
    expect_start(&other, NNK_E_STATE);
    other.method = &nnk_primal;
    expect_start(&other, NNK_E_ARGUMENT);
    free(before);
    free(gram);
    release_setting(s);
}

/// A Gram matrix is one only with all that its header says.
static void test_wrong_gram(int32_t type, int32_t method) {
    setting *s = setting_of(MIRROR, type);
    size_t bytes;
    s->job.method = methods[method];
    nnk_trainer *gram = formed_gram(&s->job, &bytes);
    nnk_job job = s->job;
    job.gram = gram;
    expect_start(&job, NNK_OK);
    const nnk_trainer right = *gram;
    gram->magic++;
    expect_start(&job, NNK_E_STATE);
    *gram = right;
    gram->job.dtype = type == NNK_F32 ? NNK_F64 : NNK_F32;
    expect_start(&job, NNK_E_STATE);
    *gram = right;
    gram->job.topology.size[0]--;
    expect_start(&job, NNK_E_STATE);
    *gram = right;
    job.mirror = (nnk_mirror){ROW / 2, PIXEL};
    expect_start(&job, NNK_E_STATE);
    job.mirror = (nnk_mirror){ROW, 1};
    expect_start(&job, NNK_E_STATE);
    job.mirror = s->job.mirror;
    job.gram = (uint8_t *)gram + 4;
    expect_start(&job, NNK_E_STATE);
    free(gram);
    release_setting(s);
}

/// A callback that fails at any of its calls for mirrored images ends the call, and can be tried again.
static void test_failing_mirror(int32_t type, int32_t method) {
    setting *s = setting_of(MIRROR | OWN_CONTRAST, type);
    nnk_job job = s->job;
    job.method = methods[method];
    file want = train(&job);
    job.images = read_in(&s->data);
    const size_t bytes = nnk_train_bytes(&job);
    void *arena = room_for(bytes);
    file got = new_file(&job);
    s->data.reader.calls = 0;
    CHECK_EQUAL(train_in(&job, arena, bytes, &got), NNK_OK);
    CHECK_SAME_FILE(got, want);
    const uint32_t calls = s->data.reader.calls;
    for (uint32_t fail_at = 1; fail_at <= calls; fail_at += calls / 40 + 1) {
        s->data.reader.calls = 0;
        s->data.reader.fail_at = fail_at;
        CHECK_EQUAL(train_in(&job, arena, bytes, &got), NNK_E_SOURCE);
        const nnk_status rest = steps(&job, arena);
        CHECK(rest == NNK_OK || rest == NNK_E_STATE); // the model is begun
        CHECK_EQUAL(finish(&job, arena, &got), NNK_OK);
        CHECK_SAME_FILE(got, want);
    }
    free(arena);
    free(got.bytes);
    free(want.bytes);
    release_setting(s);
}

/// Finite logits whose losses add up to infinity end a training as one that diverged.
static void test_infinite_cost(int32_t type, int32_t method) {
    setting *s = setting_of(0, type);
    nnk_job job = s->job;
    job.method = methods[method];
    job.iterations = 0;
    file f = train(&job);
    const double huge = type == NNK_F32 ? (double)FLT_MAX : DBL_MAX;
    nnk_model m = opened(&f, &topology);
    put((void *)(uintptr_t)nnk_model_biases(&m, 3), 0, huge / 2, type);
    job.iterations = 1;
    job.start = &m;
    const size_t bytes = nnk_train_bytes(&job);
    void *arena = room_for(bytes);
    CHECK_EQUAL(nnk_train_begin(&job, arena, bytes), NNK_OK);
    CHECK_EQUAL(steps(&job, arena), NNK_E_DIVERGED);
    free(arena);
    free(f.bytes);
    release_setting(s);
}

/// Without an iteration there is no best cost, and the model is that of the initial weights.
static void test_best_of_none(int32_t type, int32_t method) {
    setting *s = setting_of(WEIGHTS, type);
    nnk_job job = s->job;
    job.method = methods[method];
    job.iterations = 0;
    file want = train(&job);
    job.keep_best = true;
    file got = train(&job);
    const nnk_model a = opened(&want, &topology), b = opened(&got, &topology);
    CHECK_SAME(a.parameters, b.parameters, bytes_of(nnk_parameter_count(&topology), type));
    free(got.bytes);
    free(want.bytes);
    release_setting(s);
}

/// Without an iteration the rows of initial weights lose their means all the same, by every method alike.
static void test_untrained_contrast(int32_t type) {
    setting *s = setting_of(OWN_CONTRAST, type);
    nnk_job job = s->job;
    job.iterations = 0;
    job.method = &nnk_dual;
    file want = train(&job);
    job.method = &nnk_dual_wide;
    file got = train(&job);
    const nnk_model a = opened(&want, &topology), b = opened(&got, &topology);
    CHECK_SAME(a.parameters, b.parameters, bytes_of(nnk_parameter_count(&topology), type));
    for (uint32_t unit = 0; unit < 6; unit++) { // each weight is off by half an ulp of 1 at most
        wide sum = 0;
        for (uint32_t k = 0; k < SIZE; k++) sum += (wide)parameter_of(&a, unit * SIZE + k);
        CHECK_NEAR(sum, 0, (double)SIZE * epsilon_of(type));
    }
    free(got.bytes);
    free(want.bytes);
    release_setting(s);
}

/// A weight of W1 to start from that is no number is found before it is learned from.
static void test_infinite_start(int32_t type, int32_t method) {
    setting *s = setting_of(START, type);
    nnk_job job = s->job;
    job.method = methods[method];
    nnk_model m = s->start;
    const int32_t own = m.dtype == NNK_F32 ? NNK_F32 : NNK_F64;
    void *weights = (void *)(uintptr_t)m.parameters;
    CHECK(m.dtype != NNK_I8);
    for (uint32_t i = 0; i < 2; i++) {
        const size_t index = i ? 6 * SIZE - 1 : 0;
        const double good = get(weights, index, own);
        put(weights, index, i ? (double)INFINITY : (double)NAN, own);
        const size_t bytes = nnk_train_bytes(&job);
        void *arena = room_for(bytes);
        nnk_status status = nnk_train_begin(&job, arena, bytes);
        CHECK_EQUAL(status, method == NNK_DUAL ? NNK_OK : NNK_E_PARAMETER); // it looks at W1 as it reads it
        if (status == NNK_OK) status = steps(&job, arena);
        CHECK_EQUAL(status, NNK_E_PARAMETER);
        free(arena);
        put(weights, index, good, own);
    }
    release_setting(s);
}

static nnk_status load(const nnk_job *job, void *arena, size_t bytes, file *f) {
    nnk_checkpoint loading = {0};
    nnk_status status;
    do status = nnk_checkpoint_load(job, arena, bytes, &loading, (nnk_reader){file_read, f});
    while (status > 0);
    return status;
}

/// Saved after every few slices and loaded into another memory, a training writes the same model.
static void test_resumed(int options, int32_t type, int32_t method, bool shared) {
    setting *s = setting_of(options, type);
    size_t gram_bytes = 0;
    s->job.method = methods[method];
    void *gram = shared ? formed_gram(&s->job, &gram_bytes) : NULL;
    s->job.gram = gram;
    nnk_job *job = &s->job;
    file want = train(job);
    const size_t bytes = nnk_train_bytes(job), size = nnk_checkpoint_bytes(job);
    void *arena = room_for(bytes);
    file c = {.room = size, .bytes = room_for(size)};
    CHECK_EQUAL(nnk_train_begin(job, arena, bytes), NNK_OK);
    nnk_status status = NNK_MORE;
    for (uint32_t slice = 0; status > 0; slice++) {
        if (slice % 23 == 0) {
            nnk_checkpoint saving = {0};
            while ((status = nnk_checkpoint_save(job, arena, &saving, sink_of(&c))) > 0) {
            }
            CHECK_EQUAL(status, NNK_OK);
            memset(arena, 0xa5, bytes);
            status = load(job, arena, bytes, &c);
            if (!CHECK_EQUAL(status, NNK_OK)) break;
        }
        status = nnk_train_step(job, arena);
    }
    file got = new_file(job);
    CHECK_EQUAL(finish(job, arena, &got), NNK_OK);
    CHECK_SAME_FILE(want, got);
    // A checkpoint with other weights of examples is refused, or made by another rule, or from another model.
    s->weights[0] += 1;
    if (options & WEIGHTS) CHECK_EQUAL(load(job, arena, bytes, &c), NNK_E_STATE);
    s->weights[0] -= 1;
    job->weights_rule++;
    CHECK_EQUAL(load(job, arena, bytes, &c), NNK_E_STATE);
    job->weights_rule--;
    s->start.payload_crc++;
    if (options & START) CHECK_EQUAL(load(job, arena, bytes, &c), NNK_E_STATE);
    free(gram);
    free(arena);
    free(c.bytes);
    free(want.bytes);
    free(got.bytes);
    release_setting(s);
}

/// The independent slices of each phase, taken in two parts with a scratch of its own each, as two threads
/// take them.
static void test_two_parts(int options, int32_t type, int32_t method) {
    setting *s = setting_of(options, type);
    s->job.method = methods[method];
    const size_t bytes = nnk_train_bytes(&s->job), scratch_bytes = nnk_train_scratch_bytes(&s->job);
    void *arena = room_for(bytes), *scratch[2] = {room_for(scratch_bytes), room_for(scratch_bytes)};
    file want = train(&s->job), got = new_file(&s->job);
    CHECK_EQUAL(nnk_train_begin(&s->job, arena, bytes), NNK_OK);
    nnk_status status = NNK_MORE;
    while (status > 0) {
        const uint32_t items = nnk_train_parallel(&s->job, arena), half = items / 2;
        if (half == 0) {
            status = nnk_train_step(&s->job, arena);
            continue;
        }
        CHECK_EQUAL(nnk_train_items(&s->job, arena, half, items - half, scratch[1]), NNK_MORE);
        CHECK_EQUAL(nnk_train_items(&s->job, arena, 0, half, scratch[0]), NNK_MORE);
        CHECK_EQUAL(nnk_train_advance(&s->job, arena, items), NNK_MORE);
    }
    CHECK_EQUAL(finish(&s->job, arena, &got), NNK_OK);
    CHECK_SAME_FILE(want, got);
    free(arena);
    free(scratch[0]);
    free(scratch[1]);
    free(want.bytes);
    free(got.bytes);
    release_setting(s);
}

/// Weights that are all 1 change no bit of the parameters.
static void test_ones(int32_t type, int32_t method) {
    setting *s = setting_of(0, type);
    s->job.method = methods[method];
    file want = train(&s->job);
    for (uint32_t j = 0; j < EXAMPLES; j++) s->weights[j] = 1;
    s->job.weights = s->weights;
    file got = train(&s->job);
    CHECK_SAME(want.bytes + NNK_HEADER_BYTES, got.bytes + NNK_HEADER_BYTES, bytes_of(PARAMETERS, type));
    free(want.bytes);
    free(got.bytes);
    release_setting(s);
}

/// The model says how it was trained.
static void test_record(int32_t type, int32_t method) {
    setting *s = setting_of(ALL, type);
    s->job.method = methods[method];
    s->job.weights_rule = 77;
    file f = train(&s->job);
    uint32_t crc = 0;
    for (uint32_t j = 0; j < EXAMPLES; j++) {
        uint32_t bits;
        memcpy(&bits, &s->weights[j], 4);
        const uint8_t bytes[4] = {(uint8_t)bits, (uint8_t)(bits >> 8), (uint8_t)(bits >> 16),
                                  (uint8_t)(bits >> 24)};
        crc = nnk_crc32(crc, bytes, 4);
    }
    const nnk_model m = opened(&f, &topology);
    CHECK_EQUAL(m.options, NNK_OPTION_KEEP_BEST | NNK_OPTION_START | NNK_OPTION_CENTERED |
                               NNK_OPTION_OWN_CONTRAST | NNK_OPTION_MIRRORED | NNK_OPTION_WEIGHTS |
                               NNK_OPTION_DECAY);
    const nnk_training_record record = record_of(&m);
    CHECK(record.weight_decay == 0.3 && record.weights_crc == crc && crc != 0);
    CHECK(record.mirror.row_bytes == ROW && record.mirror.pixel_bytes == PIXEL);
    CHECK_EQUAL(m.examples, EXAMPLES);
    CHECK_EQUAL(record.start_crc, nnk_model_payload_crc(s->start_file.bytes));
    CHECK_EQUAL(record.weights_rule, 77);
    free(f.bytes);
    release_setting(s);
}

/// What makes no sense is refused before any work.
static void test_refused(int32_t type) {
    setting *s = setting_of(WEIGHTS, type);
    const float bad[] = {-1, (float)-1e-30, (float)INFINITY, (float)NAN};
    nnk_job job = s->job;
    for (size_t b = 0; b < sizeof bad / sizeof bad[0]; b++)
        for (uint32_t j = 0; j < EXAMPLES; j += EXAMPLES - 1) {
            const float good = s->weights[j];
            s->weights[j] = bad[b];
            expect_start(&job, NNK_E_WEIGHT);
            s->weights[j] = good;
        }
    expect_start(&job, NNK_OK);
    for (uint8_t held_out = 0; held_out <= 2; held_out++) { // one class, the other, both
        float kept[EXAMPLES];
        memcpy(kept, s->weights, sizeof kept);
        for (uint32_t j = 0; j < EXAMPLES; j++)
            if (held_out == 2 || s->data.labels[j] == held_out) s->weights[j] = 0;
        expect_start(&job, NNK_E_WEIGHT);
        memcpy(s->weights, kept, sizeof kept);
    }
    uint8_t labels[EXAMPLES];
    job.labels = labels;
    for (int label = 0; label <= 1; label++) { // no weight is missed of a class that is not there
        memset(labels, label, sizeof labels);
        expect_start(&job, NNK_OK);
    }
    job.labels = s->data.labels;
    const double decays[] = {-1, 10, 1 / 0.1, (double)INFINITY, (double)NAN};
    for (size_t d = 0; d < sizeof decays / sizeof decays[0]; d++) {
        job.weight_decay = decays[d];
        expect_start(&job, NNK_E_ARGUMENT);
    }
    job = s->job;
    const nnk_mirror mirrors[] = {{0, 3}, {48, 0}, {48, 5}, {47, 1}, {49, 7}, {50, 3}, {384, 3}, {48, 96}};
    for (size_t i = 0; i < sizeof mirrors / sizeof mirrors[0]; i++) {
        job.mirror = mirrors[i];
        expect_start(&job, NNK_E_ARGUMENT);
    }
    job = s->job;
    job.keep_best = true;
    expect_start(&job, NNK_OK);
    job.cost_every = 0;
    expect_start(&job, NNK_E_ARGUMENT);
    job.cost_every = 1;
    job.weights = NULL;
    expect_start(&job, NNK_E_ARGUMENT);
    job.weights = s->weights;
    for (uint32_t j = 0; j < EXAMPLES; j++) s->weights[j] = 1;
    expect_start(&job, NNK_E_WEIGHT); // none is held out
    job = s->job;
    job.start = &s->start;
    expect_start(&job, NNK_OK);
    job.own_contrast = true; // the model has none
    expect_start(&job, NNK_E_ARGUMENT);
    job.own_contrast = false;
    const nnk_topology two = {2, {SIZE, 6, 1}};
    job.topology = &two;
    expect_start(&job, NNK_E_ARGUMENT);
    job.topology = &topology;
    for (int32_t l = 1; l <= topology.layers; l++) {
        void *bias = (void *)(uintptr_t)nnk_model_biases(&s->start, l);
        const double good = get(bias, 0, s->start.dtype);
        put(bias, 0, (double)NAN, s->start.dtype);
        expect_start(&job, NNK_E_PARAMETER);
        put(bias, 0, good, s->start.dtype);
    }
    expect_start(&job, NNK_OK);
    nnk_model wrong = s->start;
    job.start = &wrong;
    wrong.parameters = NULL;
    expect_start(&job, NNK_E_ARGUMENT);
    wrong = s->start;
    wrong.dtype = NNK_I8 + 1;
    expect_start(&job, NNK_E_ARGUMENT);
    job = s->job;
    job.mirror = (nnk_mirror){ROW, PIXEL};
    job.examples = NNK_MAX_EXAMPLES / 2 + 1; // with their mirror images too many
    CHECK_EQUAL(nnk_train_bytes(&job), 0);
    job.examples--;
    CHECK(nnk_train_bytes(&job) > 0);
    job = s->job;
    job.arithmetic = type == NNK_F32 ? &nnk_f32_dual : &nnk_f64_dual;
    job.method = &nnk_gram; // for which it has no kernels
    CHECK_EQUAL(nnk_train_bytes(&job), 0);
    job.method = &nnk_gram_packed;
    CHECK(nnk_train_bytes(&job) > 0);
    release_setting(s);
}

int main(void) {
    FOR_EACH_TYPE(type) {
        for (int options = 0; options <= ALL; options++) {
            if (!makes_sense(options)) continue;
            FOR_EACH_METHOD(method) {
                if (options != ALL && !check_takes((uint32_t)(options * 8 + method * 2 + type))) continue;
                test_against_reference(options, type, method);
                test_same_bits(options, type, method);
                if (!(options & MIRROR)) test_mirror(options, type, method);
                test_resumed(options, type, method, false);
                if (method != NNK_DUAL) test_two_parts(options, type, method);
                if (method == NNK_PRIMAL) continue;
                test_resumed(options, type, method, true);
                test_shared_gram(options, type, method);
            }
        }
        FOR_EACH_METHOD(method) {
            test_ones(type, method);
            test_record(type, method);
            test_failing_mirror(type, method);
            test_infinite_cost(type, method);
            test_best_of_none(type, method);
            test_infinite_start(type, method);
            if (method != NNK_PRIMAL) test_wrong_gram(type, method);
        }
        test_untrained_contrast(type);
        test_refused(type);
    }
    printf("%u of %u comparisons ended early, close to a kink\n", left_out, compared);
    CHECK(left_out < compared / 3 || CHECK_SHARE > 1); // of few it may be more
    return check_end();
}
