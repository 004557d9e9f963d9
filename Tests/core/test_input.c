/// The kernels of layer 1, whose inputs are bytes.
#include "reals.h"

/// A patch of up to max_count random images, in memory that ends with its last byte.
static nnk_patch random_patch(uint32_t max_count) {
    const size_t count = 1 + random_below(max_count), width = 1 + random_below(NNK_PATCH);
    const size_t stride = width + random_below(2) * random_below(300);
    uint8_t *x = random_bytes((count - 1) * stride + width);
    const uint32_t kind = random_below(8);
    if (kind < 2) memset(x, kind ? 255 : 0, (count - 1) * stride + width);
    return (nnk_patch){x, stride, count, width};
}

static double pixel(nnk_patch p, size_t j, size_t k) { return j < p.examples ? p.x[j * p.stride + k] : 0; }

static void test_forward(int32_t type) {
    for (uint32_t round = 0; round < check_rounds(250); round++) {
        const nnk_patch p = random_patch(NNK_LANES);
        const size_t units = 1 + random_below(23), sums = units * NNK_LANES;
        nnk_real *w = random_reals(units * p.width, type), *before = random_reals(sums, type);
        nnk_real *want = copy_of(before, bytes_of(sums, type));
        for (size_t i = 0; i < units; i++)
            for (size_t j = 0; j < NNK_LANES; j++) {
                double sum = get(before, i * NNK_LANES + j, type);
                wide exact = sum, size = fabs(sum);
                for (size_t k = 0; k < p.width; k++) {
                    const double weight = get(w, k * units + i, type), x = pixel(p, j, k);
                    sum = plus_product(sum, weight, x, type);
                    exact += (wide)weight * x;
                    size += fabs(weight) * x;
                }
                put(want, i * NNK_LANES + j, sum, type);
                CHECK_NEAR(sum, exact, (double)(p.width + 1) * epsilon_of(type) * (double)size);
            }
        FOR_EACH_ARITHMETIC(k, type) {
            nnk_real *sum = copy_of(before, bytes_of(sums, type));
            nnk_real *tile = random_reals(NNK_PATCH * NNK_LANES, type);
            k->input_forward(sum, w, units, p, tile);
            CHECK_SAME(sum, want, bytes_of(sums, type));
            free(sum);
            free(tile);
        }
        free((void *)p.x);
        free(w);
        free(before);
        free(want);
    }
}

/// Columns without an image stay zeros if they were zeros.
static void test_empty_columns(int32_t type) {
    for (size_t examples = 1; examples < NNK_LANES; examples++) {
        const size_t units = 21, width = NNK_PATCH;
        uint8_t *x = random_bytes(examples * width);
        nnk_real *w = random_reals(units * width, type);
        FOR_EACH_ARITHMETIC(k, type) {
            nnk_real *sum = room_for(bytes_of(units * NNK_LANES, type));
            nnk_real *tile = random_reals(NNK_PATCH * NNK_LANES, type);
            memset(sum, 0, bytes_of(units * NNK_LANES, type));
            k->input_forward(sum, w, units, (nnk_patch){x, width, examples, width}, tile);
            for (size_t i = 0; i < units; i++)
                for (size_t j = examples; j < NNK_LANES; j++) CHECK(get(sum, i * NNK_LANES + j, type) == 0);
            free(sum);
            free(tile);
        }
        free(x);
        free(w);
    }
}

static void test_activate(int32_t type) {
    for (uint32_t round = 0; round < check_rounds(250); round++) {
        nnk_shape s = {1 + random_below(23), 12288, 1 + random_below(NNK_LANES), 0};
        s.stride = s.examples + random_below(2) * random_below(40);
        const size_t count = s.outputs * s.stride;
        const double scale = rounded(1.0 / 255.0, type);
        nnk_real *sum = random_reals(s.outputs * NNK_LANES, type), *b = random_reals(s.outputs, type);
        nnk_real *before = random_reals(count, type);
        for (size_t i = 0; i < s.outputs * NNK_LANES; i++) put(sum, i, get(sum, i, type) * 500, type);
        for (int with_relu = 0; with_relu <= 1; with_relu++) {
            nnk_real *want = copy_of(before, bytes_of(count, type));
            for (size_t i = 0; i < s.outputs; i++)
                for (size_t j = 0; j < s.examples; j++) {
                    const double total = get(sum, i * NNK_LANES + j, type), bias = get(b, i, type);
                    const double z = plus(rounded(total * scale, type), bias, type);
                    CHECK_NEAR(z, (wide)total / 255 + bias,
                               3 * epsilon_of(type) * (fabs(total) / 255 + fabs(bias)));
                    put(want, i * s.stride + j, with_relu && z <= 0 ? 0 : z, type);
                }
            FOR_EACH_ARITHMETIC(k, type) {
                nnk_real *a = copy_of(before, bytes_of(count, type));
                k->input_activate(a, sum, b, with_relu, s);
                CHECK_SAME(a, want, bytes_of(count, type));
                free(a);
            }
            free(want);
        }
        free(sum);
        free(b);
        free(before);
    }
}

static void test_gradient(int32_t type) {
    for (uint32_t round = 0; round < check_rounds(250); round++) {
        const nnk_patch p = random_patch(40);
        const size_t units = 1 + random_below(round % 4 ? 23 : 90),
                     stride = p.examples + random_below(2) * random_below(20);
        const size_t count = units * NNK_PATCH;
        nnk_real *before = room_for(bytes_of(count, type)),
                 *dz = random_reals((units - 1) * stride + p.examples, type);
        // From zeros, as training begins, or from what other images have added.
        for (size_t i = 0; i < count; i++) put(before, i, round % 2 ? random_between(1, 2) : 0, type);
        if (round % 3 == 0) // dead units and inactive examples
            for (size_t i = 0; i < (units - 1) * stride + p.examples; i++)
                if (random_below(3)) put(dz, i, 0, type);
        nnk_real *want = copy_of(before, bytes_of(count, type));
        for (size_t i = 0; i < units; i++)
            for (size_t k = 0; k < p.width; k++) {
                double sum = get(before, i * NNK_PATCH + k, type);
                wide exact = sum, size = fabs(sum);
                for (size_t j = 0; j < p.examples; j++) {
                    const double delta = get(dz, i * stride + j, type), x = pixel(p, j, k);
                    sum = plus_product(sum, delta, x, type);
                    exact += (wide)delta * x;
                    size += fabs(delta) * x;
                }
                put(want, i * NNK_PATCH + k, sum, type);
                CHECK_NEAR(sum, exact, (double)(p.examples + 1) * epsilon_of(type) * (double)size);
            }
        FOR_EACH_ARITHMETIC(k, type) {
            nnk_real *g = copy_of(before, bytes_of(count, type));
            k->input_gradient(g, dz, stride, units, p);
            CHECK_SAME(g, want, bytes_of(count, type));
            free(g);
        }
        free((void *)p.x);
        free(before);
        free(dz);
        free(want);
    }
}

static void test_step(int32_t type) {
    for (uint32_t round = 0; round < check_rounds(250); round++) {
        const size_t units = 1 + random_below(23), width = 1 + random_below(NNK_PATCH);
        const size_t count = units * width;
        const double rate = random_between(0, 0.1), step = rounded(rate, type);
        nnk_real *w = random_reals(count, type), *g = random_reals(units * NNK_PATCH, type);
        nnk_real *want = copy_of(w, bytes_of(count, type));
        for (size_t i = 0; i < units; i++)
            for (size_t k = 0; k < width; k++) {
                const double weight = get(w, k * units + i, type), slope = get(g, i * NNK_PATCH + k, type);
                const double after = rounded(weight - rounded(step * slope, type), type);
                CHECK_NEAR(after, (wide)weight - (wide)rate * slope,
                           3 * epsilon_of(type) * (fabs(weight) + fabs(slope)));
                put(want, k * units + i, after, type);
            }
        FOR_EACH_ARITHMETIC(k, type) {
            nnk_real *got = copy_of(w, bytes_of(count, type));
            k->input_update(got, g, rate, units, width);
            CHECK_SAME(got, want, bytes_of(count, type));
            free(got);
        }
        free(w);
        free(g);
        free(want);
    }
}

int main(void) {
    FOR_EACH_TYPE(type) {
        test_forward(type);
        test_empty_columns(type);
        test_activate(type);
        test_gradient(type);
        test_step(type);
    }
    return check_end();
}
