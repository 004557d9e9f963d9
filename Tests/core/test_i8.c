/// Models whose layer 1 has weights of bytes: quantization as model.h states it, exact sums, hostile files.
#include "contrast.h"
#include "golden.h"
#include "header.h"
#include "jobs.h"
#include "layout.h"
#include "little_endian.h"
#include "math_f32.h"

static const nnk_topology shapes[] = {
    {4, {400, 20, 7, 5, 1}}, {2, {193, 7, 1}}, {1, {192, 1}}, {1, {1, 1}},
    {3, {191, 3, 60, 1}},    {2, {15, 60, 1}},
};
enum { SHAPES = sizeof shapes / sizeof shapes[0], MAX_UNITS = 60 };

/// The i-th i8 inference that this processor can run; the definition is the first; NULL after the last. All
/// but the first are for models with own contrast too.
static const nnk_inference *inference_at(int i) {
    if (i == 0) return &nnk_i8_inference;
    if (i == 1) return &nnk_i8_contrast_inference;
    if (i == 2) return nnk_fastest_inference(NNK_I8);
#if NNK_X86
    if (i == 3 && nnk_x86_vectors() >= 2) return &nnk_i8_avx2_inference;
#endif
    return NULL;
}

#define FOR_EACH_INFERENCE(k)                                                                                \
    for (int at_ = 0; at_ < 4; at_++)                                                                        \
        for (const nnk_inference *k = inference_at(at_); k; k = NULL)

static file empty_file(const nnk_topology *t, int32_t type) {
    file f = {.room = nnk_model_bytes(t, type)};
    f.bytes = room_for(f.room);
    return f;
}

/// A model with these parameters, in this processor's byte order.
static nnk_model model_of(const nnk_topology *t, int32_t type, const void *parameters) {
    return (nnk_model){.topology = t,
                       .parameters = parameters,
                       .class_names = {"non-cat", "cat"},
                       .dtype = type,
                       .method = NNK_DUAL,
                       .initializer = NNK_INIT_SMALL,
                       .seed = 7,
                       .iterations = 8,
                       .examples = 9,
                       .data_crc = 10,
                       .learning_rate = 0.5};
}

static file quantized(const nnk_model *m) {
    file f = empty_file(m->topology, NNK_I8);
    CHECK_EQUAL(nnk_model_quantize(m, sink_of(&f)), NNK_OK);
    CHECK_EQUAL(f.size, f.room);
    return f;
}

/// The same in steps, of which each writes at most what model.h says, and each third write fails at first.
static void check_steps(const nnk_model *m, const file *want) {
    nnk_steps steps = {0};
    file f = {.room = want->room, .bytes = room_for(want->room), .fail_at = 3};
    nnk_status status;
    uint32_t failures = 0, waiting = 0;
    do {
        const uint32_t calls = f.calls, position = steps.position, scanned = steps.scanned, next = f.next;
        status = nnk_model_quantize_step(m, sink_of(&f), &steps);
        if (status == NNK_E_SINK) { // nothing is lost
            CHECK(steps.position == position && steps.scanned == scanned);
            f.fail_at += 3;
            f.next = next;
            failures++;
            status = NNK_MORE;
        } else if (status == NNK_MORE) {
            CHECK(f.calls - calls <= 1 && steps.position - position <= NNK_PATCH);
            CHECK(steps.scanned <= scanned + 3072);
            CHECK(steps.position > position || steps.scanned > scanned); // it goes on
        }
        waiting = steps.position > position ? 0 : waiting + 1;
    } while (CHECK(waiting < 30) && status > 0);
    CHECK_EQUAL(status, NNK_OK);
    CHECK(failures > 0);
    CHECK_SAME_FILE(f, *want);
    free(f.bytes);
}

/// An i8 model with random parameters.
static file random_i8(const nnk_topology *t) {
    void *parameters = random_reals(nnk_parameter_count(t), NNK_F64);
    const nnk_model m = model_of(t, NNK_F64, parameters);
    file f = quantized(&m);
    free(parameters);
    return f;
}

static const int8_t *weights_of(const nnk_model *m) {
    return (const int8_t *)m->parameters + 4 * nnk_i8_floats(m->topology);
}

// ---- Quantization -----------------------------------------------------------------------------------------

/// Quantization as model.h defines it, by the C library's rounding.
static void check_quantized(const nnk_model *from, const nnk_model *m) {
    const nnk_topology *t = from->topology;
    const size_t units = (size_t)t->size[1], inputs = (size_t)t->size[0];
    for (size_t i = 0; i < units; i++) {
        double largest = 0;
        for (size_t k = 0; k < inputs; k++) largest = fmax(largest, fabs(parameter_of(from, i * inputs + k)));
        const float scale = largest / 127 < (double)FLT_MIN ? 0 : (float)(largest / 127);
        CHECK(get(m->parameters, i, NNK_F32) == (double)scale);
        for (size_t k = 0; k < inputs; k++) {
            const double w = parameter_of(from, i * inputs + k),
                         q = scale > 0 ? nearbyint(w / (double)scale) : 0;
            CHECK_EQUAL(weights_of(m)[i * inputs + k], q);
        }
    }
    for (size_t i = units * inputs; i < nnk_parameter_count(t); i++)
        CHECK(get(m->parameters, units + i - units * inputs, NNK_F32) ==
              (double)(float)parameter_of(from, i));
}

static void test_quantize(int32_t type) {
    for (size_t s = 0; s < SHAPES; s++)
        for (uint32_t round = 0; round < 5; round++) {
            const nnk_topology *t = &shapes[s];
            const size_t inputs = (size_t)t->size[0];
            void *parameters = random_reals(nnk_parameter_count(t), type);
            // Ties of both signs, in a first row whose scale is 1: 2.5 becomes 2, 3.5 becomes 4.
            for (size_t k = 0; round == 1 && k < inputs; k++)
                put(parameters, k, k == 0 ? -127 : (double)(k % 253) - 126.5, type);
            // A row of zeros, and one of tiny weights.
            for (size_t k = 0; round == 2 && k < inputs; k++) put(parameters, k, 0, type);
            for (size_t k = 0; round == 3 && k < inputs; k++) put(parameters, k, (double)FLT_MIN * 100, type);
            // The largest weights that there can be.
            for (size_t k = 0; round == 4 && k < inputs; k++) put(parameters, k, (double)FLT_MAX, type);
            const nnk_model from = model_of(t, type, parameters);
            file f = quantized(&from);
            check_steps(&from, &f);
            nnk_model m = opened(&f, t);
            check_quantized(&from, &m);
            CHECK_EQUAL(m.dtype, NNK_I8);
            CHECK(m.method == NNK_DUAL && m.initializer == NNK_INIT_SMALL && m.seed == 7 &&
                  m.iterations == 8);
            CHECK(m.examples == 9 && m.data_crc == 10 && m.learning_rate == 0.5);
            CHECK(strcmp(m.class_names[0], "non-cat") == 0 && strcmp(m.class_names[1], "cat") == 0);
            if (round == 1) CHECK_EQUAL(weights_of(&m)[0], -127);
            if (round == 1 && inputs > 130)
                CHECK(weights_of(&m)[129] == 2 && weights_of(&m)[130] == 4 && weights_of(&m)[124] == -2);
            if (round == 2 || round == 3) CHECK(get(m.parameters, 0, NNK_F32) == 0 && weights_of(&m)[0] == 0);
            if (round == 4) CHECK_EQUAL(weights_of(&m)[0], 127);
            free(f.bytes);
            free(parameters);
        }
}

static uint32_t crc_of_bytes(const nnk_topology *t, const nnk_arithmetic *k, uint32_t seed) {
    data d = random_data(t, 1);
    nnk_job job = job_of(t, k, &d, 0);
    job.seed = seed;
    file trained = train(&job);
    const nnk_model from = opened(&trained, t);
    file f = quantized(&from);
    const uint32_t crc = nnk_crc32(0, f.bytes + 64, f.size - 128);
    free(f.bytes);
    free(trained.bytes);
    release_data(d);
    return crc;
}

static void test_golden(void) {
    for (size_t s = 0; s < sizeof golden_bytes / sizeof golden_bytes[0]; s++) {
        const uint32_t seed = golden_bytes[s].seed;
        CHECK(crc_of_bytes(&nnk_deep, &nnk_f64, seed) == golden_bytes[s].deep_f64);
        CHECK(crc_of_bytes(&nnk_deep, &nnk_f32, seed) == golden_bytes[s].deep_f32);
        CHECK(crc_of_bytes(&nnk_two_layer, &nnk_f64, seed) == golden_bytes[s].two_layer_f64);
        CHECK(crc_of_bytes(&nnk_two_layer, &nnk_f32, seed) == golden_bytes[s].two_layer_f32);
    }
}

/// With own contrast what rounding leaves of a weight goes to the next one: the bytes of a row sum up as its
/// weights do, and no byte is more than a step away from its weight, or overflows.
static void test_quantize_own_contrast(int32_t type) {
    for (size_t s = 0; s < SHAPES; s++)
        for (uint32_t round = 0; round < 4; round++) {
            const nnk_topology *t = &shapes[s];
            const size_t inputs = (size_t)t->size[0], units = (size_t)t->size[1];
            void *parameters = random_reals(nnk_parameter_count(t), type);
            // Largest weights one after the other, where half a step is carried.
            for (size_t k = 0; round == 1 && k < inputs; k++)
                put(parameters, k, k % 7 == 0 ? 0.5 : k % 14 < 7 ? 127 : -127, type);
            for (size_t k = 0; round == 2 && k < inputs; k++) put(parameters, k, 0, type);
            nnk_model from = model_of(t, type, parameters);
            from.options = NNK_OPTION_OWN_CONTRAST;
            file f = {.room = nnk_model_bytes(t, NNK_I8) + NNK_TRAINING_RECORD_BYTES};
            f.bytes = room_for(f.room);
            CHECK_EQUAL(nnk_model_quantize(&from, sink_of(&f)), NNK_OK);
            check_steps(&from, &f);
            const nnk_model m = opened(&f, t);
            CHECK_EQUAL(m.options, NNK_OPTION_OWN_CONTRAST);
            for (size_t i = 0; i < units; i++) {
                const double scale = (double)nnk_model_scales(&m)[i];
                double carried = 0, sum = 0;
                for (size_t k = 0; k < inputs; k++) {
                    const double w = scale > 0 ? parameter_of(&from, i * inputs + k) / scale : 0;
                    const double q = fmax(-127, fmin(127, nearbyint(w + carried)));
                    CHECK_EQUAL(weights_of(&m)[i * inputs + k], q);
                    CHECK(fabs(q - w) <= 1.0 + 1e-9);
                    carried += w - q;
                    sum += w - q;
                }
                CHECK(fabs(sum) <= 0.5 + 1e-9 || round == 1);
            }
            free(f.bytes);
            free(parameters);
        }
}

static void test_refusals(int32_t type) {
    const nnk_topology *t = &shapes[0];
    const size_t count = nnk_parameter_count(t), inputs = (size_t)t->size[0];
    void *parameters = random_reals(count, type);
    nnk_model m = model_of(t, type, parameters);
    file f = empty_file(t, NNK_I8);
    // Numbers that no float can hold, as weights of layer 1 and of other layers.
    const double bad[] = {(double)NAN, (double)INFINITY, -(double)INFINITY,
                          type == NNK_F64 ? 1e39 : (double)NAN};
    for (size_t b = 0; b < sizeof bad / sizeof bad[0]; b++) {
        const size_t places[] = {0, inputs + 5, inputs * 20 - 1, inputs * 20, count - 1};
        for (size_t p = 0; p < sizeof places / sizeof places[0]; p++) {
            const double kept = get(parameters, places[p], type);
            put(parameters, places[p], bad[b], type);
            CHECK_EQUAL(nnk_model_quantize(&m, sink_of(&f)), NNK_E_PARAMETER);
            CHECK_EQUAL(f.size, 0);
            put(parameters, places[p], kept, type);
        }
    }
    const nnk_topology invalid = {1, {0, 1}};
    const nnk_model others[] = {{.topology = t, .dtype = type},
                                {.topology = &invalid, .dtype = type, .parameters = parameters},
                                {.dtype = type, .parameters = parameters},
                                {.topology = t, .dtype = 0, .parameters = parameters},
                                {.topology = t, .dtype = 4, .parameters = parameters}};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        CHECK_EQUAL(nnk_model_quantize(&others[i], sink_of(&f)), NNK_E_ARGUMENT);
        CHECK_EQUAL(nnk_model_write(&others[i], sink_of(&f)), NNK_E_ARGUMENT);
    }
    CHECK_EQUAL(nnk_model_quantize(NULL, sink_of(&f)), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_model_quantize(&m, (nnk_sink){NULL, NULL}), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_model_write(&m, (nnk_sink){NULL, NULL}), NNK_E_ARGUMENT);
    // A sink that fails at each of its calls in turn.
    file whole = quantized(&m);
    for (uint32_t call = 1; call <= whole.calls; call++) {
        file broken = empty_file(t, NNK_I8);
        broken.fail_at = call;
        CHECK_EQUAL(nnk_model_quantize(&m, sink_of(&broken)), NNK_E_SINK);
        CHECK_EQUAL(broken.size, 0);
        free(broken.bytes);
    }
    const nnk_model bytes = opened(&whole, t);
    CHECK_EQUAL(nnk_model_quantize(&bytes, sink_of(&f)), NNK_E_KIND);
    free(whole.bytes);
    free(f.bytes);
    free(parameters);
}

/// A model that is read and written again gives the same file.
static void test_write(void) {
    for (size_t s = 0; s < SHAPES; s++)
        for (int32_t type = NNK_F32; type <= NNK_I8; type++) {
            const nnk_topology *t = &shapes[s];
            void *parameters = random_reals(nnk_parameter_count(t), type == NNK_F32 ? NNK_F32 : NNK_F64);
            const nnk_model m = model_of(t, type == NNK_I8 ? NNK_F64 : type, parameters);
            file first = type == NNK_I8 ? quantized(&m) : empty_file(t, type), again = empty_file(t, type);
            if (type != NNK_I8) CHECK_EQUAL(nnk_model_write(&m, sink_of(&first)), NNK_OK);
            uint8_t *kept = copy_of(first.bytes, first.size);
            const nnk_model read = opened(&first, t);
            CHECK_EQUAL(read.dtype, type);
            CHECK_EQUAL(nnk_model_write(&read, sink_of(&again)), NNK_OK);
            CHECK(again.size == nnk_model_bytes(t, type) && memcmp(again.bytes, kept, again.size) == 0);
            for (size_t i = 0; type != NNK_I8 && i < nnk_parameter_count(t); i++)
                CHECK(parameter_of(&read, i) == parameter_of(&m, i));
            free(kept);
            free(first.bytes);
            free(again.bytes);
            free(parameters);
        }
}

/// What is carried never takes a byte out of its range, on either side, and is not lost.
static void test_carried_to_the_ends(void) {
    static const nnk_topology t = {1, {4, 1}};
    for (int sign = -1; sign <= 1; sign += 2) {
        const double half = 0.5 * sign, end = 127 * sign;
        // Halves are rounded to even: 0, and half a step is carried; 127.5 would be 128; then both are left.
        const double parameters[] = {half, end, half, -end, 0};
        const int want[] = {0, 127 * sign, 1 * sign, -127 * sign};
        nnk_model m = model_of(&t, NNK_F64, parameters);
        m.options = NNK_OPTION_OWN_CONTRAST;
        nnk_records records = {.training = {.weights_rule = 0}};
        m.records = &records;
        file f = {.room = nnk_model_bytes(&t, NNK_I8) + sizeof records};
        f.bytes = room_for(f.room);
        CHECK_EQUAL(nnk_model_quantize(&m, sink_of(&f)), NNK_OK);
        const nnk_model q = opened(&f, &t);
        CHECK(nnk_model_scales(&q)[0] == 1);
        for (uint32_t k = 0; k < 4; k++) CHECK_EQUAL(((const int8_t *)nnk_model_weights(&q, 1))[k], want[k]);
        free(f.bytes);
    }
}

/// Trains once in double, and writes a model of bytes.
static nnk_status train_to_bytes(const nnk_job *job, void *arena, size_t bytes, file *f) {
    nnk_status status = nnk_train_begin(job, arena, bytes);
    if (status == NNK_OK) status = steps(job, arena);
    if (status != NNK_OK) return status;
    do status = nnk_train_finish_as(job, arena, NNK_I8, sink_of(f));
    while (status > 0);
    return status;
}

/// Weights and biases above the largest float have no bytes and no float; a read that fails can be tried
/// again.
static void test_training_to_bytes(void) {
    static const nnk_topology t = {2, {400, 3, 1}};
    data d = random_data(&t, 9);
    nnk_job job = job_of(&t, &nnk_f64, &d, 1);
    job.method = &nnk_dual;
    const size_t bytes = nnk_train_bytes(&job);
    void *arena = room_for(bytes);
    file f = empty_file(&t, NNK_I8), got = empty_file(&t, NNK_I8);
    job.learning_rate = 1e60;
    CHECK_EQUAL(train_to_bytes(&job, arena, bytes, &f), NNK_E_DIVERGED);
    uint8_t *dark = room_for(9 * 400);
    memset(dark, 0, 9 * 400); // W1 stays as it is, and the biases do not
    job.images.images = dark;
    for (uint8_t label = 0; label < 2; label++) {
        memset(d.labels, label, 9);
        CHECK_EQUAL(train_to_bytes(&job, arena, bytes, &f), NNK_E_DIVERGED);
    }
    job.learning_rate = 0.5;
    job.images = mapped(&d);
    CHECK_EQUAL(train_to_bytes(&job, arena, bytes, &f), NNK_OK);
    job.images = read_in(&d);
    CHECK_EQUAL(nnk_train_begin(&job, arena, bytes), NNK_OK);
    CHECK_EQUAL(steps(&job, arena), NNK_OK);
    d.reader.calls = 0;
    nnk_status status;
    uint32_t failures = 0;
    d.reader.fail_at = 1;
    while ((status = nnk_train_finish_as(&job, arena, NNK_I8, sink_of(&got))) != NNK_OK) {
        if (status != NNK_E_SOURCE) continue;
        failures++;
        d.reader.fail_at += 13; // more than a slice has
    }
    CHECK(failures > 5);
    CHECK_SAME_FILE(got, f);
    free(dark);
    free(arena);
    free(f.bytes);
    free(got.bytes);
    release_data(d);
}

/// A weight and a bias may be as large as a float, and not one step larger.
static void test_largest_floats(void) {
    static const nnk_topology t = {2, {4, 3, 1}};
    enum { WEIGHTS_1 = 4 * 3, PARAMETERS = WEIGHTS_1 + 3 + 4 };
    static const size_t places[] = {WEIGHTS_1 - 1, WEIGHTS_1, PARAMETERS - 1}; // of W1, of b1, the last one
    data d = random_data(&t, 2);
    double parameters[PARAMETERS] = {0};
    const nnk_model start = model_of(&t, NNK_F64, parameters);
    nnk_job job = job_of(&t, &nnk_f64, &d, 0);
    job.method = &nnk_dual;
    job.start = &start;
    const size_t bytes = nnk_train_bytes(&job);
    void *arena = room_for(bytes);
    for (size_t p = 0; p < sizeof places / sizeof places[0]; p++)
        for (int sign = -1; sign <= 1; sign += 2) {
            file f = new_file(&job);
            const double largest = sign * (double)FLT_MAX;
            parameters[places[p]] = largest;
            CHECK_EQUAL(train_to_bytes(&job, arena, bytes, &f), NNK_OK);
            const nnk_model m = opened(&f, &t);
            const float *biases = (const float *)nnk_model_biases(&m, 1);
            if (p == 0)
                CHECK_EQUAL(weights_of(&m)[WEIGHTS_1 - 1], 127 * sign);
            else
                CHECK((double)biases[places[p] - WEIGHTS_1] == largest);
            parameters[places[p]] = nextafter(largest, sign * (double)INFINITY);
            CHECK_EQUAL(train_to_bytes(&job, arena, bytes, &f), NNK_E_DIVERGED);
            parameters[places[p]] = 0;
            free(f.bytes);
        }
    free(arena);
    release_data(d);
}

/// Opens the file with another learning rate and the right checksum of that header.
static nnk_status open_with_rate(const file *f, double rate, const nnk_topology *t) {
    nnk_model read;
    put_f64(f->bytes + 48, rate);
    put_u32(f->bytes + 60, nnk_crc32(0, f->bytes, 60));
    return nnk_model_open(&read, f->bytes, f->size, t);
}

/// A model that was not trained here has zeros for its history; any other number is refused.
static void test_imported(void) {
    const nnk_topology *t = &shapes[1];
    void *parameters = random_reals(nnk_parameter_count(t), NNK_F32);
    nnk_model m = {.topology = t, .parameters = parameters, .dtype = NNK_F32}, read;
    file f = empty_file(t, NNK_F32);
    CHECK_EQUAL(nnk_model_write(&m, sink_of(&f)), NNK_OK);
    CHECK_EQUAL(nnk_model_open(&read, f.bytes, f.size, t), NNK_OK);
    CHECK(read.initializer == NNK_INIT_NONE && read.learning_rate == 0);
    CHECK(read.class_names[0][0] == 0 && read.class_names[1][0] == 0);
    const double rates[] = {0.5, -1, (double)NAN, (double)INFINITY};
    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        m.learning_rate = rates[i];
        CHECK_EQUAL(nnk_model_write(&m, sink_of(&f)), NNK_E_ARGUMENT);
        CHECK_EQUAL(open_with_rate(&f, rates[i], t), NNK_E_HEADER);
    }
    m.learning_rate = 0;
    m.initializer = NNK_INIT_DEEP;
    CHECK_EQUAL(nnk_model_write(&m, sink_of(&f)), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_model_quantize(&m, sink_of(&f)), NNK_E_ARGUMENT);
    m.learning_rate = 0.5;
    CHECK_EQUAL(nnk_model_write(&m, sink_of(&f)), NNK_OK);
    CHECK_EQUAL(open_with_rate(&f, 0.5, t), NNK_OK);
    for (size_t i = 1; i < sizeof rates / sizeof rates[0]; i++)
        CHECK_EQUAL(open_with_rate(&f, rates[i], t), NNK_E_HEADER);
    free(f.bytes);
    free(parameters);
}

// ---- Prediction -------------------------------------------------------------------------------------------

/// The sums of layer 1 against sums in 64 bits, for any weights, units and pixels.
static void check_sums(const int8_t *w, size_t inputs, size_t units, const uint8_t *x, size_t count) {
    FOR_EACH_INFERENCE(k) {
        int32_t *sum = room_for(units * sizeof *sum);
        for (size_t i = 0; i < units; i++) sum[i] = (int32_t)i - 3;
        k->accumulate((nnk_real *)sum, (const nnk_parameters *)w, inputs, units, x, count);
        for (size_t i = 0; i < units; i++) {
            int64_t want = (int64_t)i - 3;
            for (size_t c = 0; c < count; c++) want += (int64_t)w[i * inputs + c] * x[c];
            CHECK(sum[i] == want);
        }
        free(sum);
    }
}

static void test_sums(void) {
    for (uint32_t round = 0; round < check_rounds(500); round++) {
        const size_t units = 1 + random_below(23), count = random_below(500);
        const size_t inputs = count + random_below(2) * random_below(200);
        int8_t *w = (int8_t *)random_bytes((units - 1) * inputs + count);
        uint8_t *x = random_bytes(count);
        check_sums(w, inputs, units, x, count);
        free(w);
        free(x);
    }
    // The largest sums of either sign.
    int8_t *w = room_for(5 * NNK_MAX_INPUTS);
    uint8_t *x = room_for(NNK_MAX_INPUTS);
    memset(x, 255, NNK_MAX_INPUTS);
    memset(w, 0x80, 5 * NNK_MAX_INPUTS);
    check_sums(w, NNK_MAX_INPUTS, 5, x, NNK_MAX_INPUTS);
    memset(w, 0x7f, 5 * NNK_MAX_INPUTS);
    check_sums(w, NNK_MAX_INPUTS, 5, x, NNK_MAX_INPUTS);
    free(w);
    free(x);
}

/// Inference restated: exact sums of layer 1, then sums in the order that kernels.h states.
static double restated(const nnk_model *m, const uint8_t *x) {
    const nnk_topology *t = m->topology;
    const size_t inputs = (size_t)t->size[0], units = (size_t)t->size[1];
    const float *f = (const float *)m->parameters + 2 * units;
    float a[MAX_UNITS], z[MAX_UNITS];
    uint32_t bytes = 0, squares = 0;
    for (size_t k = 0; k < inputs; k++) {
        bytes += x[k];
        squares += (uint32_t)x[k] * x[k];
    }
    const float s =
        m->options & NNK_OPTION_OWN_CONTRAST ? (float)nnk_contrast(bytes, squares, (uint32_t)inputs) : 1;
    for (size_t i = 0; i < units; i++) {
        int64_t sum = 0;
        for (size_t k = 0; k < inputs; k++) sum += weights_of(m)[i * inputs + k] * x[k];
        const float step = ((const float *)m->parameters)[i] * (1.0f / 255.0f);
        const double product = rounded((double)(float)sum * (double)step, NNK_F32);
        z[i] = (float)plus_product((double)((const float *)m->parameters)[units + i], product, (double)s,
                                   NNK_F32);
    }
    for (int32_t l = 2; l <= t->layers; l++) {
        const size_t below = (size_t)t->size[l - 1], outputs = (size_t)t->size[l];
        for (size_t k = 0; k < below; k++) a[k] = z[k] <= 0 ? 0 : z[k];
        for (size_t i = 0; i < outputs; i++) {
            double sum = 0;
            for (size_t k = 0; k < below; k++)
                sum = plus_product(sum, (double)f[i * below + k], (double)a[k], NNK_F32);
            z[i] = (float)plus(sum, (double)f[outputs * below + i], NNK_F32);
        }
        f += (below + 1) * outputs;
    }
    return rounded(1.0 / plus(1.0, (double)nnk_exp_f32(-z[0]), NNK_F32), NNK_F32);
}

static void test_pieces(void) {
    for (size_t s = 0; s < SHAPES; s++)
        for (uint32_t round = 0; round < 5; round++) {
            const nnk_topology *t = &shapes[s];
            const uint32_t size = (uint32_t)t->size[0];
            file f = random_i8(t);
            const nnk_model m = opened(&f, t);
            uint8_t *x = random_bytes(size);
            if (round == 0) memset(x, 0, size);
            if (round == 1) memset(x, 255, size);
            const double want = restated(&m, x);
            FOR_EACH_INFERENCE(k) {
                CHECK(predict(k, &m, x, size) == want);
                CHECK(predict(k, &m, x, 1) == want);
                CHECK(predict(k, &m, x, 191) == want);
                for (int i = 0; i < 5; i++) CHECK(predict(k, &m, x, 0) == want);
            }
            nnk_model own = m;
            own.options = NNK_OPTION_OWN_CONTRAST;
            const double with_contrast = restated(&own, x);
            FOR_EACH_INFERENCE(k) {
                if (k == &nnk_i8_inference) continue;
                CHECK(predict(k, &own, x, size) == with_contrast);
                CHECK(predict(k, &own, x, 1) == with_contrast);
                for (int i = 0; i < 3; i++) CHECK(predict(k, &own, x, 0) == with_contrast);
            }
            _Alignas(8) uint8_t memory[4096];
            CHECK_EQUAL(nnk_predict_begin(memory, sizeof memory, &own, &nnk_i8_inference), NNK_E_KIND);
            free(x);
            free(f.bytes);
        }
}

/// Sums near 2^24 + 1, which are not floats or lie halfway between two, are rounded to nearest even.
static void test_large_sums(void) {
    static const nnk_topology t = {1, {700, 1}};
    uint32_t inexact = 0;
    for (uint32_t round = 0; round < 200; round++) {
        float parameters[701];
        uint8_t x[700];
        for (size_t k = 0; k < 700; k++) {
            parameters[k] = k == 0 ? 127 : 110 + (float)random_below(18); // the scale is 1
            x[k] = (uint8_t)(200 + random_below(56));
        }
        parameters[700] = -350 * 255 / 3;
        const nnk_model from = model_of(&t, NNK_F32, parameters);
        file f = quantized(&from);
        const nnk_model m = opened(&f, &t);
        int64_t sum = 0;
        for (size_t k = 0; k < 700; k++) sum += weights_of(&m)[k] * x[k];
        inexact += (int64_t)(float)sum != sum;
        FOR_EACH_INFERENCE(k) CHECK(predict(k, &m, x, 100) == restated(&m, x));
        free(f.bytes);
    }
    CHECK(inexact > 20);
}

static void test_sizes(void) {
    static const nnk_topology widest = {3, {NNK_MAX_INPUTS, 3, NNK_MAX_UNITS, 1}};
    _Static_assert(NNK_PREDICT_I8_BYTES(DEEP) == sizeof(nnk_predictor) + 80 + 32, "no patch");
    CHECK_EQUAL(nnk_model_bytes(&nnk_deep, NNK_I8), 64 + 4 * (20 + 213) + 245760 + 64);
    CHECK_EQUAL(nnk_model_bytes(&nnk_deep, NNK_F64), 1967912);
    CHECK_EQUAL(nnk_model_bytes(&nnk_deep, NNK_F32), 984020);
    CHECK_EQUAL(nnk_model_bytes(&nnk_two_layer, NNK_I8), 64 + 4 * (7 + 15) + 86016 + 64);
    FOR_EACH_INFERENCE(k) {
        CHECK(k->dtype == NNK_I8 && k->real_bytes == 4 && k->weight_bytes == 1 && k->patch_bytes == 1);
        CHECK_EQUAL(nnk_predict_bytes(&nnk_deep, k), NNK_PREDICT_I8_BYTES(DEEP));
        CHECK_EQUAL(nnk_predict_bytes(&nnk_two_layer, k), NNK_PREDICT_I8_BYTES(TWO_LAYER));
        CHECK_EQUAL(nnk_predict_bytes(&widest, k),
                    NNK_PREDICT_I8_BYTES_OF((NNK_MAX_INPUTS, 3, NNK_MAX_UNITS, 1)));
        for (size_t units = 1; units <= NNK_MAX_UNITS; units++) {
            const nnk_topology t = {2, {5, (int32_t)units, 1}};
            CHECK_EQUAL(nnk_predict_bytes(&t, k), NNK_PREDICT_I8_BYTES_OF((5, units, 1)));
        }
    }
}

static void test_order(void) {
    const nnk_topology *t = &shapes[0];
    file f = random_i8(t);
    const nnk_model m = opened(&f, t);
    const uint32_t size = (uint32_t)t->size[0];
    const size_t bytes = nnk_predict_bytes(t, &nnk_i8_inference);
    uint8_t *x = random_bytes(size), *memory = room_for(2 * nnk_predict_bytes(t, &nnk_f64_inference));
    double p = -1;
    CHECK_EQUAL(nnk_predict_begin(memory, bytes - 1, &m, &nnk_i8_inference), NNK_E_MEMORY);
    CHECK_EQUAL(nnk_predict_begin(memory, 1000, &m, &nnk_f32_inference), NNK_E_KIND);
    CHECK_EQUAL(nnk_predict_begin(memory, 1000, &m, &nnk_f64_inference), NNK_E_KIND);
    CHECK_EQUAL(nnk_predict_begin(memory, bytes, &m, &nnk_i8_inference), NNK_OK);
    CHECK_EQUAL(nnk_predict_feed(memory, x, size - 1), NNK_OK);
    CHECK_EQUAL(nnk_predict_finish(memory, &p), NNK_E_STATE);
    CHECK_EQUAL(nnk_predict_feed(memory, x, 2), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_predict_feed(memory, x + size - 1, 1), NNK_OK);
    CHECK_EQUAL(nnk_predict_feed(memory, x, 1), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_predict_finish(memory, &p), NNK_OK);
    CHECK(p == restated(&m, x));
    CHECK_EQUAL(nnk_predict_finish(memory, &p), NNK_E_STATE);
    free(x);
    free(memory);
    free(f.bytes);
}

// ---- Files ------------------------------------------------------------------------------------------------

static void seal(uint8_t *bytes, size_t size) {
    put_u32(bytes + 36, nnk_crc32(0, bytes + 64, size - 64));
    put_u32(bytes + 60, nnk_crc32(0, bytes, 60));
}

static void test_damage(void) {
    const nnk_topology *t = &shapes[0];
    file f = random_i8(t);
    CHECK_EQUAL(open_status(f.bytes, f.size, t), NNK_OK);
    for (size_t length = 0; length < f.size; length += length < 70 ? 1 : 97) {
        uint8_t *cut = copy_of(f.bytes, length);
        CHECK_EQUAL(open_status(cut, length, t), NNK_E_LENGTH);
        free(cut);
    }
    CHECK_EQUAL(open_status(f.bytes, f.size + 1, t), NNK_E_SIZE);
    CHECK_EQUAL(open_status(f.bytes, f.size, &shapes[1]), NNK_E_TOPOLOGY);
    for (uint32_t round = 0; round < 1000; round++) {
        const uint32_t bit = random_below(8 * (uint32_t)f.size);
        f.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        CHECK_EQUAL(open_status(f.bytes, f.size, t), bit < 32    ? NNK_E_MAGIC
                                                     : bit < 512 ? NNK_E_HEADER
                                                                 : NNK_E_PAYLOAD);
        f.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    // A header with another element type is refused, and so is a checkpoint of bytes.
    const uint8_t types[] = {0, NNK_F32, NNK_F64, 4};
    for (size_t i = 0; i < sizeof types; i++) {
        f.bytes[6] = types[i];
        seal(f.bytes, f.size);
        CHECK_EQUAL(open_status(f.bytes, f.size, t), i == 0 || i == 3 ? NNK_E_KIND : NNK_E_SIZE);
    }
    nnk_job_numbers numbers;
    uint32_t crc;
    f.bytes[4] = 3; // version
    f.bytes[7] = NNK_KIND_CHECKPOINT;
    for (uint8_t type = NNK_F32; type <= NNK_I8; type++) {
        f.bytes[6] = type;
        seal(f.bytes, f.size);
        CHECK((nnk_checkpoint_peek(f.bytes, &numbers, &crc) == NNK_E_KIND) == (type == NNK_I8));
    }
    free(f.bytes);
}

/// A file with the right checksums and any content is refused when it is opened, or gives a probability or an
/// error.
static void test_hostile(void) {
    const nnk_topology *t = &shapes[0];
    const float bad[] = {NAN, -NAN, INFINITY, -INFINITY, FLT_MAX, -1, 0, FLT_MIN / 8};
    uint32_t refused = 0, answered = 0;
    uint8_t *x = random_bytes(400);
    for (uint32_t round = 0; round < 2000; round++) {
        file f = random_i8(t);
        const nnk_model before = opened(&f, t);
        nnk_model_to_native(&before, f.bytes); // back to the file's order
        const uint32_t changes = 1 + random_below(20);
        for (uint32_t i = 0; i < changes; i++) {
            float value = bad[random_below(sizeof bad / sizeof bad[0])];
            nnk_swap((uint8_t *)&value, 4, 4);
            memcpy(f.bytes + 64 + 4 * random_below(round % 2 ? 20 : nnk_i8_floats(t)), &value, 4);
        }
        memset(f.bytes + 64 + 4 * nnk_i8_floats(t), round % 3 ? 0x80 : 0, 400);
        seal(f.bytes, f.size);
        nnk_model m;
        _Alignas(8) uint8_t memory[NNK_PREDICT_I8_BYTES_OF((400, 20, 7, 5, 1))];
        double p = -1;
        nnk_status status = nnk_model_open(&m, f.bytes, f.size, t);
        if (status == NNK_OK) {
            nnk_model_to_native(&m, f.bytes);
            CHECK_EQUAL(nnk_predict_begin(memory, sizeof memory, &m, nnk_fastest_inference(NNK_I8)), NNK_OK);
            CHECK_EQUAL(nnk_predict_feed(memory, x, 400), NNK_OK);
            status = nnk_predict_finish(memory, &p);
        }
        CHECK(status == NNK_E_PARAMETER || (status == NNK_OK && p >= 0 && p <= 1));
        refused += status != NNK_OK;
        answered += status == NNK_OK;
        free(f.bytes);
    }
    CHECK(refused > 100 && answered > 20);
    free(x);
}

int main(void) {
    test_sizes();
    test_sums();
    FOR_EACH_TYPE(type) {
        test_quantize(type);
        test_quantize_own_contrast(type);
        test_refusals(type);
    }
    test_golden();
    test_write();
    test_carried_to_the_ends();
    test_training_to_bytes();
    test_largest_floats();
    test_imported();
    test_pieces();
    test_large_sums();
    test_order();
    test_damage();
    test_hostile();
    return check_end();
}
