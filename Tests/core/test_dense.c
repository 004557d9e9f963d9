/// Dense layers. Every arithmetic must give the bits of a restatement that rounds as kernels.h says, and the
/// restatement must be close to sums in a wider type.
#include "reals.h"

/// A layer with random numbers.
typedef struct layer {
    nnk_shape s;
    int32_t type;
    nnk_real *w, *b, *a, *dz;
} layer;

static layer random_layer(int32_t type, uint32_t max_examples) {
    layer l = {.type = type};
    l.s.outputs = 1 + random_below(23);
    l.s.inputs = 1 + random_below(23);
    l.s.examples = 1 + random_below(max_examples);
    if (random_below(2))
        l.s.examples = (l.s.examples + NNK_LANES - 1) / NNK_LANES * NNK_LANES; // as in wide arenas
    l.s.stride = l.s.examples + random_below(3) * random_below(20);
    l.w = random_reals(l.s.outputs * l.s.inputs, type);
    l.b = random_reals(l.s.outputs, type);
    l.a = random_reals(l.s.inputs * l.s.stride, type);
    l.dz = random_reals(l.s.outputs * l.s.stride, type);
    return l;
}

static void release(layer l) {
    free(l.w);
    free(l.b);
    free(l.a);
    free(l.dz);
}

/// Returns the sum of x[x_at + j] y[y_at + j] over n examples, in 16 lanes; if y is NULL, the sum of x[x_at +
/// j].
static double in_lanes(const nnk_real *x, size_t x_at, const nnk_real *y, size_t y_at, size_t n,
                       int32_t type) {
    double lane[16] = {0};
    for (size_t j = 0; j < n; j++)
        lane[j % 16] =
            plus_product(lane[j % 16], get(x, x_at + j, type), y ? get(y, y_at + j, type) : 1, type);
    return sum_of_16(lane, type);
}

/// Returns the same in a wider type; adds the terms' sizes to *size. A sum may be off by n + 1 roundings of
/// that.
static wide exactly(const nnk_real *x, size_t x_at, const nnk_real *y, size_t y_at, size_t n, int32_t type,
                    wide *size) {
    wide sum = 0;
    for (size_t j = 0; j < n; j++) {
        const wide term = (wide)get(x, x_at + j, type) * (wide)(y ? get(y, y_at + j, type) : 1);
        sum += term;
        *size += wide_abs(term);
    }
    return sum;
}

static double tolerance(size_t roundings, wide size, int32_t type) {
    return (double)((wide)(roundings + 1) * size) * epsilon_of(type) + DBL_MIN;
}

static void test_linear_forward(int32_t type) {
    for (uint32_t round = 0; round < check_rounds(300); round++) {
        layer l = random_layer(type, 40);
        const nnk_shape s = l.s;
        const size_t count = s.outputs * s.stride;
        nnk_real *before = random_reals(count, type), *want = copy_of(before, bytes_of(count, type));
        for (size_t i = 0; i < s.outputs; i++)
            for (size_t j = 0; j < s.examples; j++) {
                double z = 0;
                wide sum = get(l.b, i, type), size = wide_abs(sum);
                for (size_t k = 0; k < s.inputs; k++) {
                    const double w = get(l.w, i * s.inputs + k, type), a = get(l.a, k * s.stride + j, type);
                    z = plus_product(z, w, a, type);
                    sum += (wide)w * (wide)a;
                    size += wide_abs((wide)w * (wide)a);
                }
                z = plus(z, get(l.b, i, type), type);
                put(want, i * s.stride + j, z, type);
                CHECK_NEAR(z, sum, tolerance(s.inputs + 1, size, type));
            }
        FOR_EACH_ARITHMETIC(k, type) {
            nnk_real *z = copy_of(before, bytes_of(count, type));
            k->linear_forward(z, l.w, l.b, l.a, s);
            CHECK_SAME(z, want, bytes_of(count, type));
            free(z);
        }
        free(want);
        free(before);
        release(l);
    }
}

/// Writes row k of W^T dZ to `da` from index `at` on; its sums ascend over the outputs.
static void input_gradient_row(nnk_real *da, size_t at, layer l, size_t k) {
    for (size_t j = 0; j < l.s.examples; j++) {
        double sum = 0;
        wide exact = 0, size = 0;
        for (size_t i = 0; i < l.s.outputs; i++) {
            const double w = get(l.w, i * l.s.inputs + k, l.type), d = get(l.dz, i * l.s.stride + j, l.type);
            sum = plus_product(sum, w, d, l.type);
            exact += (wide)w * (wide)d;
            size += wide_abs((wide)w * (wide)d);
        }
        put(da, at + j, sum, l.type);
        CHECK_NEAR(sum, exact, tolerance(l.s.outputs, size, l.type));
    }
}

static void test_linear_backward(int32_t type) {
    for (uint32_t round = 0; round < check_rounds(300); round++) {
        layer l = random_layer(type, 40);
        const nnk_shape s = l.s;
        const size_t weights = s.outputs * s.inputs, below = s.inputs * s.stride, m = s.examples;
        const double share = rounded(1.0 / (double)m, type);
        nnk_real *dw_want = room_for(bytes_of(weights, type)), *db_want = room_for(bytes_of(s.outputs, type));
        nnk_real *da_before = random_reals(below, type), *da_want = copy_of(da_before, bytes_of(below, type));
        for (size_t i = 0; i < s.outputs; i++) {
            wide size = 0, sum;
            for (size_t k = 0; k < s.inputs; k++) {
                const double dw =
                    rounded(share * in_lanes(l.dz, i * s.stride, l.a, k * s.stride, m, type), type);
                put(dw_want, i * s.inputs + k, dw, type);
                size = 0;
                sum = exactly(l.dz, i * s.stride, l.a, k * s.stride, m, type, &size);
                CHECK_NEAR(dw, sum / (wide)m, tolerance(m + 2, size / (wide)m, type));
            }
            const double db = rounded(share * in_lanes(l.dz, i * s.stride, NULL, 0, m, type), type);
            put(db_want, i, db, type);
            size = 0;
            sum = exactly(l.dz, i * s.stride, NULL, 0, m, type, &size);
            CHECK_NEAR(db, sum / (wide)m, tolerance(m + 2, size / (wide)m, type));
        }
        for (size_t k = 0; k < s.inputs; k++) input_gradient_row(da_want, k * s.stride, l, k);
        FOR_EACH_ARITHMETIC(k, type) {
            for (int with_da = 0; with_da <= 1; with_da++) {
                nnk_real *dw = random_reals(weights, type), *db = random_reals(s.outputs, type);
                nnk_real *da = copy_of(da_before, bytes_of(below, type));
                k->linear_backward(dw, db, with_da ? da : NULL, l.dz, l.w, l.a, s);
                CHECK_SAME(dw, dw_want, bytes_of(weights, type));
                CHECK_SAME(db, db_want, bytes_of(s.outputs, type));
                CHECK_SAME(da, with_da ? da_want : da_before, bytes_of(below, type));
                free(dw);
                free(db);
                free(da);
            }
        }
        free(dw_want);
        free(db_want);
        free(da_before);
        free(da_want);
        release(l);
    }
}

static double stepped(double p, double step, double g, int32_t type) {
    return rounded(p - rounded(step * g, type), type);
}

static nnk_real *biases_after(layer l, double step) {
    nnk_real *b = copy_of(l.b, bytes_of(l.s.outputs, l.type));
    for (size_t i = 0; i < l.s.outputs; i++) {
        const double sum = in_lanes(l.dz, i * l.s.stride, NULL, 0, l.s.examples, l.type);
        const double before = get(l.b, i, l.type), after = stepped(before, step, sum, l.type);
        put(b, i, after, l.type);
        wide size = 0, exact = exactly(l.dz, i * l.s.stride, NULL, 0, l.s.examples, l.type, &size);
        CHECK_NEAR(after, before - step * exact,
                   tolerance(l.s.examples + 3, fabs(before) + step * size, l.type));
    }
    return b;
}

static void test_bias_update(int32_t type) {
    for (uint32_t round = 0; round < check_rounds(300); round++) {
        layer l = random_layer(type, 40);
        const double rate = random_between(0, 0.1);
        nnk_real *want = biases_after(l, rounded(rate, type));
        FOR_EACH_ARITHMETIC(k, type) {
            nnk_real *b = copy_of(l.b, bytes_of(l.s.outputs, type));
            k->bias_update(b, l.dz, rate, (nnk_shape){l.s.outputs, 0, l.s.examples, l.s.stride});
            CHECK_SAME(b, want, bytes_of(l.s.outputs, type));
            free(b);
        }
        free(want);
        release(l);
    }
}

/// A layer whose inputs are activations after a ReLU.
static layer layer_above_relu(int32_t type) {
    layer l = random_layer(type, 40);
    for (size_t i = 0; i < l.s.inputs * l.s.stride; i++)
        if (get(l.a, i, type) <= 0) put(l.a, i, 0, type);
    return l;
}

/// unit_update for input k, in place: its column of w and its row of a.
static void restate_unit_update(nnk_real *w, nnk_real *a, layer l, size_t k, double step) {
    const nnk_shape s = l.s;
    const size_t m = s.examples;
    input_gradient_row(a, k * s.stride, l, k);
    for (size_t j = 0; j < m; j++)
        if (get(l.a, k * s.stride + j, l.type) <= 0) put(a, k * s.stride + j, 0, l.type);
    for (size_t i = 0; i < s.outputs; i++) {
        const double before = get(l.w, i * s.inputs + k, l.type);
        const double dw = in_lanes(l.dz, i * s.stride, l.a, k * s.stride, m, l.type);
        const double after = stepped(before, step, dw, l.type);
        put(w, i * s.inputs + k, after, l.type);
        wide size = 0, exact = exactly(l.dz, i * s.stride, l.a, k * s.stride, m, l.type, &size);
        CHECK_NEAR(after, before - step * exact, tolerance(m + 3, fabs(before) + step * size, l.type));
    }
}

/// unit_update changes the unit's column of w and its row of a, and nothing else.
static void test_unit_update(int32_t type) {
    for (uint32_t round = 0; round < check_rounds(300); round++) {
        layer l = layer_above_relu(type);
        const size_t weights = bytes_of(l.s.outputs * l.s.inputs, type),
                     unit = random_below((uint32_t)l.s.inputs);
        const size_t below = bytes_of(l.s.inputs * l.s.stride, type);
        const double rate = random_between(0, 0.1);
        nnk_real *w_want = copy_of(l.w, weights), *a_want = copy_of(l.a, below);
        restate_unit_update(w_want, a_want, l, unit, rounded(rate, type));
        FOR_EACH_ARITHMETIC(k, type) {
            nnk_real *w = copy_of(l.w, weights), *a = copy_of(l.a, below),
                     *row = random_reals(l.s.stride, type);
            k->unit_update(at(a, unit * l.s.stride, type), at(w, unit, type), l.dz, rate, row, l.s);
            CHECK_SAME(w, w_want, weights);
            CHECK_SAME(a, a_want, below);
            free(w);
            free(a);
            free(row);
        }
        free(w_want);
        free(a_want);
        release(l);
    }
}

static void test_unit_forward(int32_t type) {
    for (uint32_t round = 0; round < check_rounds(300); round++) {
        layer l = random_layer(type, 40);
        const nnk_shape s = l.s;
        const size_t unit = random_below((uint32_t)s.inputs), bytes = bytes_of(s.outputs * s.stride, type);
        nnk_real *want = copy_of(l.dz, bytes); // any numbers
        for (size_t i = 0; i < s.outputs; i++)
            for (size_t j = 0; j < s.examples; j++) {
                const double w = get(l.w, i * s.inputs + unit, type), a = get(l.a, unit * s.stride + j, type);
                put(want, i * s.stride + j, plus_product(get(l.dz, i * s.stride + j, type), w, a, type),
                    type);
            }
        FOR_EACH_ARITHMETIC(k, type) {
            nnk_real *z = copy_of(l.dz, bytes);
            k->unit_forward(z, at(l.w, unit, type), at(l.a, unit * s.stride, type), s);
            CHECK_SAME(z, want, bytes);
            free(z);
        }
        free(want);
        release(l);
    }
}

/// hidden_update for all units of the layer below. `way`: 0 all at once, 1 some at a time, 2 each by
/// unit_update.
static void hidden_update_by(int way, const nnk_arithmetic *k, nnk_real *a, nnk_real *w, layer l,
                             double rate) {
    nnk_real *row = random_reals(l.s.stride, l.type);
    for (size_t unit = 0, some; unit < l.s.inputs; unit += some) {
        nnk_real *below = at(a, unit * l.s.stride, l.type), *column = at(w, unit, l.type);
        const size_t left = l.s.inputs - unit;
        some = way == 0 ? left : way == 1 ? 1 + random_below((uint32_t)left) : 1;
        if (way < 2)
            k->hidden_update(below, column, l.dz, rate, row, some, l.s);
        else
            k->unit_update(below, column, l.dz, rate, row, l.s);
    }
    free(row);
}

static void test_hidden_update(int32_t type) {
    for (uint32_t round = 0; round < check_rounds(300); round++) {
        layer l = layer_above_relu(type);
        const nnk_shape s = l.s;
        const size_t weights = s.outputs * s.inputs, below = s.inputs * s.stride;
        const double rate = random_between(0, 0.1), step = rounded(rate, type);
        nnk_real *w_want = copy_of(l.w, bytes_of(weights, type)),
                 *a_want = copy_of(l.a, bytes_of(below, type));
        nnk_real *b_want = biases_after(l, step);
        for (size_t k = 0; k < s.inputs; k++) restate_unit_update(w_want, a_want, l, k, step);
        FOR_EACH_ARITHMETIC(k, type) {
            for (int way = 0; way < 3; way++) {
                nnk_real *a = copy_of(l.a, bytes_of(below, type)), *w = copy_of(l.w, bytes_of(weights, type));
                nnk_real *b = copy_of(l.b, bytes_of(s.outputs, type));
                hidden_update_by(way, k, a, w, l, rate);
                k->bias_update(b, l.dz, rate, s);
                CHECK_SAME(a, a_want, bytes_of(below, type));
                CHECK_SAME(w, w_want, bytes_of(weights, type));
                CHECK_SAME(b, b_want, bytes_of(s.outputs, type));
                free(a);
                free(w);
                free(b);
            }
        }
        free(w_want);
        free(a_want);
        free(b_want);
        release(l);
    }
}

static void test_relu(int32_t type) {
    const double z_some[] = {0.0, -0.0, 1.5, -1.5, (double)INFINITY, -(double)INFINITY, (double)NAN};
    const double smallest = type == NNK_F32 ? (double)FLT_TRUE_MIN : DBL_TRUE_MIN;
    for (uint32_t round = 0; round < check_rounds(200); round++) {
        const size_t count = 1 + random_below(70), bytes = bytes_of(count, type);
        nnk_real *z = random_reals(count, type), *da = random_reals(count, type);
        for (size_t i = 0; i < count / 2; i++) put(z, random_below((uint32_t)count), z_some[i % 7], type);
        put(z, 0, round % 2 ? smallest : -smallest, type);
        FOR_EACH_ARITHMETIC(k, type) {
            nnk_real *a = random_reals(count, type), *in_place = copy_of(z, bytes);
            k->relu(a, z, count);
            k->relu(in_place, in_place, count);
            CHECK_SAME(a, in_place, bytes);
            nnk_real *dz = random_reals(count, type), *on_da = copy_of(da, bytes), *on_z = copy_of(z, bytes);
            k->relu_backward(dz, da, z, count);
            k->relu_backward(on_da, on_da, z, count);
            k->relu_backward(on_z, da, on_z, count);
            CHECK_SAME(dz, on_da, bytes);
            CHECK_SAME(dz, on_z, bytes);
            for (size_t i = 0; i < count; i++) {
                const double x = get(z, i, type), got = get(a, i, type), slope = get(dz, i, type);
                if (x != x) // a NaN must not become a zero
                    CHECK(got != got && slope == get(da, i, type));
                else if (x > 0)
                    CHECK(got == x && slope == get(da, i, type));
                else // +0, never -0
                    CHECK(got == 0 && !signbit(got) && slope == 0 && !signbit(slope));
            }
            free(a);
            free(in_place);
            free(dz);
            free(on_da);
            free(on_z);
        }
        free(z);
        free(da);
    }
}

static void test_update(int32_t type) {
    for (uint32_t round = 0; round < check_rounds(200); round++) {
        const size_t count = 1 + random_below(300);
        const double rate = random_between(0, 1), step = rounded(rate, type);
        nnk_real *p = random_reals(count, type), *g = random_reals(count, type);
        FOR_EACH_ARITHMETIC(k, type) {
            nnk_real *got = copy_of(p, bytes_of(count, type));
            k->update(got, g, rate, count);
            for (size_t i = 0; i < count; i++) {
                const double before = get(p, i, type), slope = get(g, i, type);
                CHECK(get(got, i, type) == stepped(before, step, slope, type));
                CHECK_NEAR(get(got, i, type), before - rate * slope,
                           tolerance(3, fabs(before) + fabs(slope), type));
            }
            free(got);
        }
        free(p);
        free(g);
    }
}

static void test_dot(int32_t type) {
    for (uint32_t round = 0; round < check_rounds(200); round++) {
        const size_t count = random_below(70);
        nnk_real *x = random_reals(count, type), *y = random_reals(count, type);
        const double want = in_lanes(x, 0, y, 0, count, type);
        wide size = 0;
        const wide exact = exactly(x, 0, y, 0, count, type, &size);
        CHECK_NEAR(want, (double)exact, tolerance(count, size, type));
        FOR_EACH_ARITHMETIC(k, type) CHECK(k->dot(x, y, count) == want);
        free(x);
        free(y);
    }
}

/// Checks the generator's state after k has drawn `count` normals. The words are those that nnk_random_normal
/// leaves. In float the spare normal may be another double, but it is the same in every arithmetic.
static void check_state(const nnk_random *got, const nnk_random *want, const nnk_random *scalar,
                        int32_t type) {
    CHECK_SAME(got, scalar, sizeof *got);
    CHECK(got->next == want->next && got->has_spare == want->has_spare);
    CHECK_SAME(got->word, want->word, sizeof want->word);
    // spare = sqrt(-2 log(s) / s) x. The two logs differ by up to 2^-61 and an ulp, and |x| <= 1.
    const double spare = fabs(want->spare),
                 tolerance = type == NNK_F32 && want->has_spare ? 0x1p-50 * spare + 0x1p-60 / spare : 0;
    CHECK_NEAR(got->spare, want->spare, tolerance);
}

static void test_initialize(int32_t type) {
    const nnk_arithmetic *scalar = type == NNK_F32 ? &nnk_f32 : &nnk_f64;
    for (uint32_t round = 0; round < check_rounds(60); round++) {
        const size_t count = random_below(700);
        const int32_t inputs = 1 + (int32_t)random_below(NNK_MAX_INPUTS),
                      initializer = 1 + (int32_t)(round % 2);
        nnk_random start;
        nnk_random_seed(&start, round);
        for (uint32_t i = 0; i < round; i++) {
            double one; // room for a float or a double
            scalar->initialize((nnk_real *)&one, 1, 1, NNK_INIT_DEEP, &start);
        }
        nnk_random after = start, after_scalar = start;
        nnk_real *want = room_for(bytes_of(count, type)), *w = room_for(bytes_of(count, type));
        for (size_t i = 0; i < count; i++) {
            const double normal = nnk_random_normal(&after);
            put(want, i, initializer == NNK_INIT_SMALL ? normal * 0.01 : normal / sqrt((double)inputs), type);
        }
        scalar->initialize(w, count, inputs, initializer, &after_scalar);
        CHECK_SAME(w, want, bytes_of(count, type));
        check_state(&after_scalar, &after, &after_scalar, type);
        FOR_EACH_ARITHMETIC(k, type) {
            nnk_random random = start;
            k->initialize(w, count, inputs, initializer, &random);
            CHECK_SAME(w, want, bytes_of(count, type));
            check_state(&random, &after, &after_scalar, type);
        }
        free(w);
        free(want);
    }
}

static void test_tables(int32_t type) {
    int arithmetics = 0, fastest_is_one = 0;
    FOR_EACH_ARITHMETIC(k, type) {
        arithmetics++;
        fastest_is_one += k == nnk_fastest(type);
        CHECK_EQUAL(k->dtype, type);
        CHECK_EQUAL(k->real_bytes, bytes_of(1, type));
    }
    CHECK_EQUAL(fastest_is_one, 1);
    printf("%s: %d arithmetics\n", type == NNK_F32 ? "float" : "double", arithmetics);
}

#if NNK_X86 && defined(__GLIBC__)
/// The vectors of this processor are those that the compiler's library finds, and the widest are taken.
static void test_processor(void) {
#define HAS(feature) (__builtin_cpu_supports(feature) != 0)
    __builtin_cpu_init();
    const bool has_256 = HAS("avx2") && HAS("fma") && HAS("popcnt") && HAS("pclmul");
    const bool has_512 = HAS("avx512f") && HAS("avx512dq") && HAS("avx512bw") && HAS("avx512vl");
#undef HAS
    static const int32_t vectors[] = {0, 2, 512};
    static const nnk_arithmetic *const f32[] = {&nnk_f32_vectors, &nnk_f32_avx2, &nnk_f32_avx512};
    static const nnk_arithmetic *const f64[] = {&nnk_f64_vectors, &nnk_f64_avx2, &nnk_f64_avx512};
    static const nnk_inference *const f32_inference[] = {&nnk_f32_vectors_inference, &nnk_f32_avx2_inference,
                                                         &nnk_f32_avx512_inference};
    static const nnk_inference *const f64_inference[] = {&nnk_f64_vectors_inference, &nnk_f64_avx2_inference,
                                                         &nnk_f64_avx512_inference};
    const int widest = has_256 + (has_256 && has_512);
    CHECK_EQUAL(nnk_x86_vectors(), vectors[widest]);
    CHECK(nnk_fastest(NNK_F32) == f32[widest] && nnk_fastest(NNK_F64) == f64[widest]);
    CHECK(nnk_fastest_inference(NNK_F32) == f32_inference[widest]);
    CHECK(nnk_fastest_inference(NNK_F64) == f64_inference[widest]);
    CHECK(nnk_fastest_inference(NNK_I8) == (has_256 ? &nnk_i8_avx2_inference : &nnk_i8_contrast_inference));
}
#endif

int main(void) {
#if NNK_X86 && defined(__GLIBC__)
    test_processor();
#endif
    FOR_EACH_TYPE(type) {
        test_tables(type);
        test_linear_forward(type);
        test_linear_backward(type);
        test_bias_update(type);
        test_unit_update(type);
        test_unit_forward(type);
        test_hidden_update(type);
        test_relu(type);
        test_update(type);
        test_dot(type);
        test_initialize(type);
    }
    return check_end();
}
