/// Inference: the same bits in whatever pieces an image comes, equal to a restatement, close to the exact
/// result.
#include "contrast.h"
#include "jobs.h"
#include "math_f32.h"
#include "math_f64.h"

static const nnk_topology shapes[] = {
    {4, {400, 20, 7, 5, 1}}, {2, {193, 7, 1}},
    {1, {192, 1}},           {1, {1, 1}},
    {3, {191, 3, 60, 1}},    {7, {385, 5, 4, 9, 4, 30, 4, 1}},
    {2, {15, 60, 1}},        {3, {576, 1, 1, 1}},
};
enum { SHAPES = sizeof shapes / sizeof shapes[0], MAX_UNITS = 60 };

static const nnk_inference *inference_of(int32_t type) {
    return type == NNK_F32 ? &nnk_f32_inference : &nnk_f64_inference;
}

/// The i-th inference for all models that this processor can run; the definition is the first; NULL after the
/// last.
static const nnk_inference *inference_at(int32_t type, int i) {
    const int f32 = type == NNK_F32;
    if (i == 0) return f32 ? &nnk_f32_contrast_inference : &nnk_f64_contrast_inference;
    if (i == 1) return f32 ? &nnk_f32_vectors_inference : &nnk_f64_vectors_inference;
    if (i == 2) return nnk_fastest_inference(type);
#if NNK_X86
    if (i == 3 && nnk_x86_vectors() >= 2) return f32 ? &nnk_f32_avx2_inference : &nnk_f64_avx2_inference;
#endif
    return NULL;
}

/// A file with a model of random parameters.
static file random_model(const nnk_topology *t, int32_t type, uint32_t seed) {
    data d = random_data(t, 20);
    nnk_job job = job_of(t, type == NNK_F32 ? &nnk_f32 : &nnk_f64, &d, 3);
    job.initializer = NNK_INIT_DEEP;
    job.seed = seed;
    job.learning_rate = 0.01; // so that biases are not zero
    file f = train(&job);
    release_data(d);
    return f;
}

/// The factor of layer 1's sums: 1, or with own contrast 1 / sd of the inputs.
static double factor_of(const nnk_model *m, const uint8_t *x) {
    const uint32_t inputs = (uint32_t)m->topology->size[0];
    uint32_t sum = 0, squares = 0;
    if (!(m->options & NNK_OPTION_OWN_CONTRAST)) return 1;
    for (uint32_t k = 0; k < inputs; k++) {
        sum += x[k];
        squares += (uint32_t)x[k] * x[k];
    }
    return rounded(nnk_contrast(sum, squares, inputs), m->dtype);
}

/// Inference restated, with sums in the order that kernels.h states.
static double restated(const nnk_model *m, const uint8_t *x) {
    const nnk_topology *t = m->topology;
    const int32_t type = m->dtype;
    const double factor = factor_of(m, x);
    double a[MAX_UNITS], z[MAX_UNITS];
    size_t at = 0;
    for (int32_t l = 1; l <= t->layers; l++) {
        const size_t inputs = (size_t)t->size[l - 1], outputs = (size_t)t->size[l];
        for (size_t i = 0; i < outputs; i++) {
            double sum = 0;
            if (l == 1) {
                for (size_t patch = 0; patch < inputs; patch += NNK_PATCH) {
                    double lane[16] = {0};
                    for (size_t k = patch; k < inputs && k < patch + NNK_PATCH; k++) {
                        double *s = &lane[(k - patch) % 16];
                        *s = plus_product(*s, parameter_of(m, at + i * inputs + k), x[k], type);
                    }
                    sum = plus(sum, sum_of_16(lane, type), type);
                }
                sum = rounded(rounded(sum * rounded(1.0 / 255.0, type), type) * factor, type);
            } else {
                for (size_t k = 0; k < inputs; k++)
                    sum = plus_product(sum, parameter_of(m, at + i * inputs + k), a[k], type);
            }
            z[i] = plus(sum, parameter_of(m, at + inputs * outputs + i), type);
        }
        for (size_t i = 0; i < outputs; i++) a[i] = z[i] <= 0 ? 0 : z[i];
        at += (inputs + 1) * outputs;
    }
    const double e = type == NNK_F32 ? (double)nnk_exp_f32((float)-z[0]) : nnk_exp_f64(-z[0]);
    return rounded(1.0 / plus(1.0, e, type), type);
}

/// Returns the exact probability, and a bound of the rounding errors. A sum of n terms is off by n + 2
/// roundings of its terms' sizes, and by the errors of its inputs. The sigmoid's slope is at most 1/4, its
/// own error 2 ulp.
///
/// With own contrast the inputs are (x - mean) / sd, or 0 if sd is 0. What is computed is w x / sd: it
/// differs by the mean over sd times the sum of the row's weights. The factor is rounded, and so is the
/// product with it.
static wide exactly(const nnk_model *m, const uint8_t *x, double *bound) {
    const nnk_topology *t = m->topology;
    wide a[MAX_UNITS], z[MAX_UNITS], a_off[MAX_UNITS], z_off[MAX_UNITS];
    size_t at = 0;
    const int own_contrast = m->options & NNK_OPTION_OWN_CONTRAST;
    wide mean = 0, deviation = 0, s = 1;
    for (int32_t k = 0; own_contrast && k < t->size[0]; k++) mean += (wide)x[k] / 255 / t->size[0];
    for (int32_t k = 0; own_contrast && k < t->size[0]; k++)
        deviation += ((wide)x[k] / 255 - mean) * ((wide)x[k] / 255 - mean) / t->size[0];
    if (deviation > 1e-9) s = 1 / (wide)sqrt((double)deviation);
    for (int32_t l = 1; l <= t->layers; l++) {
        const size_t inputs = (size_t)t->size[l - 1], outputs = (size_t)t->size[l];
        for (size_t i = 0; i < outputs; i++) {
            wide of_row = 0;
            const wide b = parameter_of(m, at + inputs * outputs + i);
            wide sum = b, size = wide_abs(b), off = 0;
            for (size_t k = 0; k < inputs; k++) {
                const wide w = parameter_of(m, at + i * inputs + k),
                           from = l == 1 ? (wide)x[k] / 255 * s : a[k];
                sum += w * (l == 1 ? from - mean * s : from);
                size += wide_abs(w * from);
                of_row += w;
                if (l > 1) off += wide_abs(w) * a_off[k];
            }
            if (l == 1) off += wide_abs(of_row) * mean * s;
            z[i] = sum;
            z_off[i] =
                off * (1 + (wide)epsilon_of(m->dtype)) + (wide)(inputs + 5) * size * epsilon_of(m->dtype);
        }
        for (size_t i = 0; i < outputs; i++) {
            a[i] = z[i] > 0 ? z[i] : 0;
            a_off[i] = z_off[i];
        }
        at += (inputs + 1) * outputs;
    }
    *bound = (double)(z_off[0] / 4) + 2 * epsilon_of(m->dtype);
    return 1 / (1 + wide_exp(-z[0]));
}

static void test_pieces(int32_t type) {
    for (size_t s = 0; s < SHAPES; s++)
        for (uint32_t round = 0; round < 6; round++) {
            const nnk_topology *t = &shapes[s];
            file f = random_model(t, type, round);
            const nnk_model m = opened(&f, t);
            const size_t size = (size_t)t->size[0];
            uint8_t *x = random_bytes(size);
            if (round == 0) memset(x, 0, size);
            if (round == 1) memset(x, 255, size);
            const nnk_inference *k = inference_of(type);
            const double whole = predict(k, &m, x, (uint32_t)size);
            CHECK(predict(k, &m, x, 1) == whole);
            CHECK(predict(k, &m, x, 191) == whole);
            CHECK(predict(k, &m, x, 192) == whole);
            CHECK(predict(k, &m, x, 193) == whole);
            for (int i = 0; i < 5; i++) CHECK(predict(k, &m, x, 0) == whole);
            CHECK(whole == restated(&m, x));
            double bound;
            const wide exact = exactly(&m, x, &bound);
            CHECK_NEAR(whole, exact, bound);
            CHECK(bound < (type == NNK_F32 ? 0.05 : 1e-10)); // else the check above would say nothing
            free(x);
            free(f.bytes);
        }
}

/// Takes the mean off each row of W1, as training with own contrast does. Only rounding is left of the sums.
static void center_rows(nnk_model *m) {
    const size_t inputs = (size_t)m->topology->size[0];
    void *w = (void *)(uintptr_t)m->parameters;
    for (size_t i = 0; i < (size_t)m->topology->size[1]; i++) {
        double mean = 0;
        for (size_t k = 0; k < inputs; k++) mean += get(w, i * inputs + k, m->dtype) / (double)inputs;
        for (size_t k = 0; k < inputs; k++)
            put(w, i * inputs + k, get(w, i * inputs + k, m->dtype) - mean, m->dtype);
    }
}

/// Own contrast: the same bits in all pieces and by all kernels, close to the closed form.
static void test_own_contrast(int32_t type) {
    for (size_t s = 0; s < SHAPES; s++)
        for (uint32_t round = 0; round < 8; round++) {
            const nnk_topology *t = &shapes[s];
            file f = random_model(t, type, round);
            nnk_model m = opened(&f, t);
            m.options = NNK_OPTION_OWN_CONTRAST;
            center_rows(&m);
            const size_t size = (size_t)t->size[0];
            uint8_t *x = random_bytes(size);
            if (round < 2) memset(x, round ? 255 : 0, size);                                   // no contrast
            if (round == 2) memset(x, 200, size - size / 2);                                   // some
            for (size_t k = 0; round == 3 && k < size; k++) x[k] = (uint8_t)(100 + x[k] % 32); // little
            for (int i = 0; i < 4; i++) {
                const nnk_inference *k = inference_at(type, i);
                if (!k) continue;
                const double whole = predict(k, &m, x, (uint32_t)size);
                CHECK(whole == restated(&m, x));
                CHECK(predict(k, &m, x, 1) == whole);
                CHECK(predict(k, &m, x, 193) == whole);
                for (int turn = 0; turn < 3; turn++) CHECK(predict(k, &m, x, 0) == whole);
                double bound;
                const wide exact = exactly(&m, x, &bound);
                CHECK_NEAR(whole, exact, bound);
                CHECK(bound < (type == NNK_F32 ? 0.2 : 1e-9)); // else the check above would say nothing
                // Without the option the same kernels give the bits of those that do not know it.
                m.options = 0;
                CHECK(predict(k, &m, x, 0) == predict(inference_of(type), &m, x, 0));
                m.options = NNK_OPTION_OWN_CONTRAST;
            }
            // An image in other light, three times as bright and 20 more, is the same image.
            for (size_t k = 0; k < size; k++) x[k] /= 4;
            const double dark = predict(inference_at(type, 0), &m, x, 0);
            for (size_t k = 0; k < size; k++) x[k] = (uint8_t)(x[k] * 3 + 20);
            double bound;
            exactly(&m, x, &bound);
            CHECK_NEAR(predict(inference_at(type, 0), &m, x, 0), (wide)dark, 4 * bound);
            // Kernels without contrast refuse the model.
            _Alignas(8) uint8_t memory[4096];
            CHECK_EQUAL(nnk_predict_begin(memory, sizeof memory, &m, inference_of(type)), NNK_E_KIND);
            free(x);
            free(f.bytes);
        }
}

/// The sums of layer 1 alone, for any weights, units and bytes: patches, and the last bytes of an image.
static void test_accumulate(int32_t type) {
    for (uint32_t round = 0; round < check_rounds(200); round++) {
        const size_t units = 1 + random_below(23), count = 1 + random_below(3 * NNK_PATCH);
        const size_t inputs = count + random_below(2) * random_below(200);
        void *w = random_reals((units - 1) * inputs + count, type), *sum = random_reals(units, type);
        uint8_t *x = random_bytes(count);
        void *want = copy_of(sum, bytes_of(units, type));
        for (size_t i = 0; i < units; i++) {
            double total = get(sum, i, type);
            for (size_t first = 0; first < count; first += NNK_PATCH) {
                double lane[16] = {0};
                for (size_t k = first; k < count && k < first + NNK_PATCH; k++)
                    lane[k % 16] = plus_product(lane[k % 16], get(w, i * inputs + k, type), x[k], type);
                total = plus(total, sum_of_16(lane, type), type);
            }
            put(want, i, total, type);
        }
        const nnk_inference *const all[] = {inference_of(type), nnk_fastest_inference(type)};
        for (size_t n = 0; n < 2; n++) {
            void *got = copy_of(sum, bytes_of(units, type));
            all[n]->accumulate(got, w, inputs, units, x, count);
            CHECK_SAME(got, want, bytes_of(units, type));
            free(got);
        }
        free(w);
        free(sum);
        free(x);
        free(want);
    }
}

static void test_sizes(void) {
    static const nnk_topology widest = {3, {NNK_MAX_INPUTS, 3, NNK_MAX_UNITS, 1}};
    _Static_assert(NNK_PREDICT_BYTES(DEEP, 4) <= sizeof(nnk_predictor) + 80 + 192, "as documented");
    FOR_EACH_TYPE(type) {
        const nnk_inference *k = inference_of(type);
        const size_t real = bytes_of(1, type);
        CHECK_EQUAL(k->dtype, type);
        CHECK_EQUAL(k->real_bytes, real);
        CHECK_EQUAL(nnk_predict_bytes(&nnk_deep, k), NNK_PREDICT_BYTES(DEEP, real));
        CHECK_EQUAL(nnk_predict_bytes(&nnk_two_layer, k), NNK_PREDICT_BYTES(TWO_LAYER, real));
        CHECK_EQUAL(nnk_predict_bytes(&widest, k),
                    NNK_PREDICT_BYTES_OF((NNK_MAX_INPUTS, 3, NNK_MAX_UNITS, 1), real));
        CHECK_EQUAL(nnk_predict_bytes(&shapes[3], k), NNK_PREDICT_BYTES_OF((shapes[3].size[0], 1), real));
        for (size_t units = 1; units <= NNK_MAX_UNITS; units++) {
            const nnk_topology t = {2, {5, (int32_t)units, 1}};
            CHECK_EQUAL(nnk_predict_bytes(&t, k), NNK_PREDICT_BYTES_OF((5, units, 1), real));
        }
    }
}

static void test_order(int32_t type) {
    const nnk_topology *t = &shapes[0];
    const nnk_inference *k = inference_of(type), *other = inference_of(NNK_F32 + NNK_F64 - type);
    file f = random_model(t, type, 7);
    nnk_model m = opened(&f, t);
    const uint32_t size = (uint32_t)t->size[0];
    const size_t bytes = nnk_predict_bytes(t, k);
    uint8_t *x = random_bytes(size + 1), *memory = room_for(bytes + 8);
    double p = -1, again = -1;
    CHECK_EQUAL(nnk_predict_begin(NULL, bytes, &m, k), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_predict_begin(memory, bytes, NULL, k), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_predict_begin(memory, bytes, &m, NULL), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_predict_begin(memory, bytes * 2, &m, other), NNK_E_KIND);
    for (size_t b = 0; b < bytes; b++) CHECK_EQUAL(nnk_predict_begin(memory, b, &m, k), NNK_E_MEMORY);
    for (size_t by = 1; by < 8; by++) CHECK_EQUAL(nnk_predict_begin(memory + by, bytes, &m, k), NNK_E_ALIGN);
    nnk_model peeked;
    nnk_model_to_native(&m, f.bytes); // back to the file's byte order, for its checksum
    CHECK_EQUAL(nnk_model_peek(&peeked, f.bytes, t), NNK_OK);
    CHECK_EQUAL(nnk_predict_begin(memory, bytes, &peeked, k), NNK_E_ARGUMENT);
    nnk_model_to_native(&m, f.bytes);

    CHECK_EQUAL(nnk_predict_begin(memory, bytes, &m, k), NNK_OK);
    CHECK_EQUAL(nnk_predict_finish(memory, &p), NNK_E_STATE);
    CHECK_EQUAL(nnk_predict_feed(memory, x, size + 1), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_predict_feed(memory, x, SIZE_MAX), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_predict_feed(memory, x, 0), NNK_OK);
    CHECK_EQUAL(nnk_predict_feed(memory, x, size - 1), NNK_OK);
    CHECK_EQUAL(nnk_predict_finish(memory, &p), NNK_E_STATE);
    CHECK(p == -1);
    CHECK_EQUAL(nnk_predict_feed(memory, x, 2), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_predict_feed(memory, x, SIZE_MAX), NNK_E_ARGUMENT); // no overflow
    CHECK_EQUAL(nnk_predict_feed(memory, x + size - 1, 1), NNK_OK);     // refused calls changed nothing
    CHECK_EQUAL(nnk_predict_feed(memory, x, 1), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_predict_finish(memory, &p), NNK_OK);
    CHECK(p == restated(&m, x));
    CHECK_EQUAL(nnk_predict_finish(memory, &again), NNK_E_STATE);
    CHECK(again == -1);
    CHECK_EQUAL(nnk_predict_feed(memory, x, 1), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_predict_finish(memory, &again), NNK_E_STATE);
    free(x);
    free(memory);
    free(f.bytes);
}

int main(void) {
    test_sizes();
    FOR_EACH_TYPE(type) {
        test_accumulate(type);
        test_pieces(type);
        test_own_contrast(type);
        test_order(type);
    }
    return check_end();
}
