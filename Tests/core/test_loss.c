/// The sigmoid and the cost, and their gradients.
#include "math_f32.h"
#include "math_f64.h"
#include "reals.h"

static double exp_of(double x, int32_t type) {
    return type == NNK_F32 ? (double)nnk_exp_f32((float)x) : nnk_exp_f64(x);
}

static double log_of(double x, int32_t type) {
    return type == NNK_F32 ? (double)nnk_log_f32((float)x) : nnk_log_f64(x);
}

static double smallest_of(int32_t type) { return type == NNK_F32 ? (double)FLT_MIN : DBL_MIN; }

static double logistic(double z, int32_t type) {
    return rounded(1.0 / plus(1.0, exp_of(-z, type), type), type);
}

static wide exact_logistic(double z) { return 1 / (1 + wide_exp(-(wide)z)); }

static uint8_t *random_labels(size_t m) {
    uint8_t *y = room_for(m);
    for (size_t j = 0; j < m; j++) y[j] = (uint8_t)random_below(2);
    return y;
}

/// Logits of usual sizes, and far beyond saturation.
static nnk_real *random_logits(size_t m, int32_t type) {
    static const double some[] = {0.0, -0.0, 1e4, -1e4, 88.8, -88.8, 104, -104, 709.9, -709.9, 745.2, -745.2};
    nnk_real *z = room_for(bytes_of(m, type));
    for (size_t j = 0; j < m; j++)
        put(z, j, random_below(4) ? random_between(-8, 8) : some[random_below(12)], type);
    return z;
}

/// Probabilities, among them exact zeros and ones and the smallest reals.
static nnk_real *random_probabilities(size_t m, int32_t type) {
    const double some[] = {0, 1, -0.0, smallest_of(type), smallest_of(type) / 4, 1 - epsilon_of(type) / 2};
    nnk_real *p = room_for(bytes_of(m, type));
    for (size_t j = 0; j < m; j++)
        put(p, j, random_below(4) ? random_between(0, 1) : some[random_below(6)], type);
    return p;
}

static void test_sigmoid(int32_t type) {
    const double eps = epsilon_of(type);
    for (uint32_t round = 0; round < check_rounds(300); round++) {
        const size_t m = 1 + random_below(40), bytes = bytes_of(m, type);
        nnk_real *z = random_logits(m, type), *da = random_reals(m, type);
        FOR_EACH_ARITHMETIC(k, type) {
            nnk_real *a = random_reals(m, type), *in_place = copy_of(z, bytes);
            k->sigmoid(a, z, m);
            k->sigmoid(in_place, in_place, m);
            CHECK_SAME(a, in_place, bytes);
            nnk_real *dz = random_reals(m, type), *on_da = copy_of(da, bytes);
            k->sigmoid_backward(dz, da, z, m);
            k->sigmoid_backward(on_da, on_da, z, m);
            CHECK_SAME(dz, on_da, bytes);
            for (size_t j = 0; j < m; j++) {
                const double x = get(z, j, type), got = get(a, j, type), slope = get(da, j, type);
                const wide exact = exact_logistic(x);
                CHECK(got == logistic(x, type));
                // exp errs by less than 1 ulp, then come a sum and a quotient: 2 ulp. Below the smallest
                // normal it may be 0.
                CHECK_NEAR(got, exact, 2 * eps * (double)exact + smallest_of(type));
                CHECK(got >= 0 && got <= 1);
                const double rest = rounded(1 - got, type);
                const double want = rounded(rounded(slope * got, type) * rest, type);
                CHECK(get(dz, j, type) == want);
                // 1 - s has the error of s, which is at most 1 in size: 3 ulp in all.
                CHECK_NEAR(want, (wide)slope * exact * (1 - exact), 4 * eps * fabs(slope));
            }
            free(a);
            free(in_place);
            free(dz);
            free(on_da);
        }
        free(z);
        free(da);
    }
}

static double kept(double x, int32_t type) {
    if (fabs(x) >= smallest_of(type)) return x;
    return x < 0 ? -smallest_of(type) : smallest_of(type);
}

static double mean_of_lanes(const double lane[16], size_t m, int32_t type) {
    return rounded(-rounded(1.0 / (double)m, type) * sum_of_16(lane, type), type);
}

static void test_cost(int32_t type) {
    const double eps = epsilon_of(type);
    for (uint32_t round = 0; round < check_rounds(300); round++) {
        const size_t m = 1 + random_below(80);
        uint8_t *y = random_labels(m);
        nnk_real *p = random_probabilities(m, type);
        double lane[16] = {0};
        wide sum = 0, size = 0;
        for (size_t j = 0; j < m; j++) {
            const double x = get(p, j, type), right = kept(rounded(y[j] ? x : 1 - x, type), type);
            lane[j % 16] = plus(lane[j % 16], log_of(right, type), type);
            sum -= wide_log((wide)right);
            size += wide_abs(wide_log((wide)right));
        }
        const double want = mean_of_lanes(lane, m, type);
        // A logarithm errs by less than 1 ulp; then come at most m - 1 sums, 1 / m and a product.
        CHECK_NEAR(want, sum / (wide)m, (double)(m + 3) * eps * (double)size / (double)m);
        FOR_EACH_ARITHMETIC(k, type) {
            const double got = k->cost(p, y, m);
            CHECK(got == want && got - got == 0 && !signbit(got)); // a perfect fit costs 0, not -0
            nnk_real *dp = random_reals(m, type);
            k->cost_backward(dp, p, y, m);
            for (size_t j = 0; j < m; j++) {
                const double x = get(p, j, type), slope = get(dp, j, type);
                const double right = kept(rounded(y[j] ? x : 1 - x, type), type);
                CHECK(slope == rounded((y[j] ? -1.0 : 1.0) / right, type) && slope - slope == 0);
                if (x > 0.001 && x < 0.999) {
                    const double exact = -(y[j] / x - (1 - y[j]) / (1 - x));
                    CHECK_NEAR(slope, exact, 3 * eps * fabs(exact));
                }
            }
            free(dp);
        }
        free(y);
        free(p);
    }
}

/// A probability that is off its range by rounding keeps its sign, and its inverse is finite.
static void test_probabilities_out_of_range(int32_t type) {
    const double tiny = smallest_of(type) / 4, values[] = {-0.25, -tiny, tiny, 0, 1.25};
    const double inverse_of_smallest = rounded(1 / smallest_of(type), type);
    const double want[2][5] = {{0.8, 1, 1, 1, -4},
                               {4, inverse_of_smallest, -inverse_of_smallest, -inverse_of_smallest, -0.8}};
    for (uint8_t label = 0; label < 2; label++) FOR_EACH_ARITHMETIC(k, type) {
            nnk_real *p = room_for(bytes_of(5, type)), *dp = room_for(bytes_of(5, type));
            const uint8_t y[5] = {label, label, label, label, label};
            for (size_t j = 0; j < 5; j++) put(p, j, values[j], type);
            k->cost_backward(dp, p, y, 5);
            for (size_t j = 0; j < 5; j++)
                CHECK_NEAR(get(dp, j, type) / want[label][j], 1, 2 * epsilon_of(type));
            free(p);
            free(dp);
        }
}

/// The seed document's example, to all its digits.
static void test_known_cost(void) {
    const double p[] = {0.8, 0.9, 0.4};
    const uint8_t y[] = {1, 1, 1};
    FOR_EACH_ARITHMETIC(k, NNK_F64) {
        char text[40];
        snprintf(text, sizeof text, "%.17g", k->cost((const nnk_real *)p, y, 3));
        if (!CHECK(strcmp(text, "0.41493159961539694") == 0)) printf("    it is %s\n", text);
    }
}

/// The targets of examples that all count the same.
static nnk_targets plain(const uint8_t *y, size_t m) {
    return (nnk_targets){.labels = y, .count = m, .total = (double)m};
}

static double logit_cost(const nnk_arithmetic *k, const nnk_real *z, nnk_targets targets, size_t m) {
    return k->logit_cost(z, &targets, m);
}

static void test_logit_cost(int32_t type) {
    const double eps = epsilon_of(type);
    for (uint32_t round = 0; round < check_rounds(300); round++) {
        const size_t m = 1 + random_below(80);
        uint8_t *y = random_labels(m);
        nnk_real *z = random_logits(m, type);
        double lane[16] = {0};
        wide sum = 0, size = 0;
        for (size_t j = 0; j < m; j++) {
            const double u = y[j] ? get(z, j, type) : -get(z, j, type);
            const double rest = log_of(plus(1, exp_of(-fabs(u), type), type), type);
            lane[j % 16] = plus(lane[j % 16], plus(u < 0 ? u : 0, -rest, type), type);
            const wide exact = wide_log1p(wide_exp(-(wide)fabs(u))) - (u < 0 ? (wide)u : 0);
            sum += exact;
            size += exact;
        }
        const double want = mean_of_lanes(lane, m, type);
        // As in test_cost, and 1 + exp is rounded: 2 eps of each term's logarithm, which is at most log 2.
        CHECK_NEAR(want, sum / (wide)m, (double)(m + 3) * eps * (double)size / (double)m + 2 * eps);
        FOR_EACH_ARITHMETIC(k, type) {
            const double got = logit_cost(k, z, plain(y, m), m);
            CHECK(got == want && got - got == 0 && !signbit(got)); // a perfect fit costs 0, not -0
            nnk_real *dz = copy_of(z, bytes_of(m, type));
            CHECK_EQUAL(k->logit_backward(dz, y, m), 1);
            for (size_t j = 0; j < m; j++) {
                const double x = get(z, j, type), slope = get(dz, j, type);
                CHECK(slope == rounded(logistic(x, type) - y[j], type));
                CHECK_NEAR(slope, exact_logistic(x) - y[j], 2 * eps);
            }
            free(dz);
        }
        free(y);
        free(z);
    }
}

/// The weighted mean of the taken examples, of images and of mirror images with the same labels and weights.
static void test_weighted_cost(int32_t type) {
    const double eps = epsilon_of(type);
    for (uint32_t round = 0; round < check_rounds(300); round++) {
        const size_t count = 1 + random_below(50), m = count * (1 + random_below(2));
        uint8_t *y = random_labels(count);
        float *w = room_for(count * sizeof *w);
        nnk_real *z = random_logits(m, type);
        for (size_t j = 0; j < count; j++) w[j] = random_below(3) ? (float)random_between(0.1, 3) : 0;
        for (int held_out = 0; held_out < 2; held_out++) {
            wide sum = 0, size = 0, total = 0;
            for (size_t j = 0; j < m; j++) {
                const size_t i = j % count;
                const double u = y[i] ? get(z, j, type) : -get(z, j, type);
                const wide weight = held_out ? w[i] == 0 : (wide)w[i];
                sum += weight * (wide_log1p(wide_exp(-(wide)fabs(u))) - (u < 0 ? (wide)u : 0));
                total += weight;
                size += weight * 2;
            }
            if (total == 0) continue;
            const nnk_targets targets = {y, w, count, held_out != 0, (double)total};
            // As in test_logit_cost; a product with the weight is rounded once more, and so is the total.
            FOR_EACH_ARITHMETIC(k, type) {
                const double cost = logit_cost(k, z, targets, m);
                CHECK_NEAR(cost, sum / total, (double)(m + 5) * eps * (double)(sum + size) / (double)total);
                CHECK(cost == logit_cost(arithmetic_at(type, 0), z, targets, m));
            }
        }
        FOR_EACH_ARITHMETIC(k, type) {
            nnk_real *x = copy_of(z, bytes_of(m, type));
            k->weigh(x, w, count);
            for (size_t j = 0; j < count; j++)
                CHECK(get(x, j, type) == rounded(get(z, j, type) * (double)w[j], type));
            free(x);
        }
        free(y);
        free(w);
        free(z);
    }
}

/// The cost from logits is the cost from their probabilities.
static void test_costs_agree(int32_t type) {
    FOR_EACH_ARITHMETIC(k, type) {
        const size_t m = 209;
        uint8_t *y = random_labels(m);
        nnk_real *z = room_for(bytes_of(m, type)), *p = room_for(bytes_of(m, type));
        for (size_t j = 0; j < m; j++) put(z, j, random_between(-4, 4), type);
        k->sigmoid(p, z, m);
        // 1 - p loses up to log2(1 + e^4) < 6 bits where p is near 1.
        CHECK_NEAR(k->cost(p, y, m), logit_cost(k, z, plain(y, m), m), 64 * 4 * epsilon_of(type));
        free(y);
        free(z);
        free(p);
    }
}

static void test_not_finite(int32_t type) {
    const double bad[] = {(double)INFINITY, -(double)INFINITY, (double)NAN};
    const double huge = type == NNK_F32 ? (double)FLT_MAX : DBL_MAX;
    FOR_EACH_ARITHMETIC(k, type) {
        for (size_t m = 1; m <= 40; m++)
            for (int b = 0; b < 3; b++)
                for (size_t at = 0; at < m; at += 1 + m / 5) {
                    uint8_t *y = random_labels(m);
                    nnk_real *z = random_logits(m, type);
                    put(z, at, bad[b], type);
                    const double cost = logit_cost(k, z, plain(y, m), m);
                    // An infinitely confident answer costs infinity if it is wrong, nothing if it is right.
                    if (b == 2)
                        CHECK(cost != cost);
                    else
                        CHECK((b == 0) == (y[at] == 1) ? cost - cost == 0 : cost == (double)INFINITY);
                    CHECK_EQUAL(k->logit_backward(z, y, m), 0);
                    if (b < 2) CHECK(get(z, at, type) == (b == 0) - y[at]);
                    free(y);
                    free(z);
                }
        for (int sign = -1; sign <= 1; sign += 2)
            for (uint8_t y = 0; y <= 1; y++) {
                nnk_real *z = room_for(bytes_of(1, type));
                put(z, 0, sign * huge, type);
                CHECK(logit_cost(k, z, plain(&y, 1), 1) == ((sign > 0) == (y == 1) ? 0 : huge));
                CHECK_EQUAL(k->logit_backward(z, &y, 1), 1);
                free(z);
            }
    }
}

/// The i-th logit that is hard for an exponential; their number, if `i` is not below it.
static size_t extreme_logit(size_t i, int32_t type, double *z) {
    const double largest = type == NNK_F32 ? (double)FLT_MAX : DBL_MAX;
    const double some[] = {0.0, 1e-300, 1e-30, DBL_TRUE_MIN, 0x1p-25, 1e4, largest, largest / 2};
    const size_t count = sizeof some / sizeof some[0], near_f32 = 2 * 400, near_f64 = 2 * 600;
    const double sign = i % 2 ? -1 : 1;
    if (i < 2 * count)
        *z = sign * some[i / 2];
    else if (i < 2 * count + near_f32) // the exp of a float leaves its range at 88.7 and -104
        *z = sign * (80 + 0.1 * (double)((i - 2 * count) / 2));
    else // that of a double at 709.8 and -745.2
        *z = sign * (700 + 0.1 * (double)((i - 2 * count - near_f32) / 2));
    return 2 * count + near_f32 + near_f64;
}

/// Extreme logits in every lane and behind the last whole 16, beside usual ones.
static void test_logit_backward(int32_t type) {
    double extreme;
    const size_t extremes = extreme_logit(0, type, &extreme);
    for (size_t i = 0; i < extremes; i += 1 + CHECK_SHARE / 10) {
        const size_t m = 1 + i % 40, bytes = bytes_of(m, type);
        uint8_t *y = random_labels(m);
        nnk_real *z = random_logits(m, type), *want = room_for(bytes);
        for (size_t n = 0; n < 1 + m / 4; n++) {
            extreme_logit((i + 2 * n) % extremes, type, &extreme);
            put(z, random_below((uint32_t)m), extreme, type);
        }
        for (size_t j = 0; j < m; j++) {
            const double x = get(z, j, type);
            put(want, j, rounded(logistic(x, type) - y[j], type), type);
            CHECK_NEAR(get(want, j, type), exact_logistic(x) - y[j], 2 * epsilon_of(type));
        }
        FOR_EACH_ARITHMETIC(k, type) {
            nnk_real *dz = copy_of(z, bytes);
            CHECK_EQUAL(k->logit_backward(dz, y, m), 1);
            CHECK_SAME(dz, want, bytes);
            free(dz);
        }
        free(y);
        free(z);
        free(want);
    }
}

/// A logit that is not finite is found wherever it is; the others become what the definition gives.
static void test_logit_backward_not_finite(int32_t type) {
    const double bad[] = {(double)INFINITY, -(double)INFINITY, (double)NAN, -(double)NAN};
    const nnk_arithmetic *definition = arithmetic_at(type, 0);
    for (size_t m = 1; m <= 40; m++)
        for (size_t at = 0; at < m; at++) {
            uint8_t *y = random_labels(m);
            nnk_real *z = random_logits(m, type);
            put(z, at, bad[(m + at) % 4], type);
            nnk_real *want = copy_of(z, bytes_of(m, type));
            CHECK_EQUAL(definition->logit_backward(want, y, m), 0);
            FOR_EACH_ARITHMETIC(k, type) {
                nnk_real *dz = copy_of(z, bytes_of(m, type));
                CHECK_EQUAL(k->logit_backward(dz, y, m), 0);
                for (size_t j = 0; j < m; j++) {
                    const double got = get(dz, j, type), expected = get(want, j, type);
                    CHECK(got == expected || (j == at && got != got && expected != expected));
                }
                free(dz);
            }
            free(y);
            free(z);
            free(want);
        }
}

int main(void) {
    test_known_cost();
    FOR_EACH_TYPE(type) {
        test_sigmoid(type);
        test_cost(type);
        test_probabilities_out_of_range(type);
        test_logit_cost(type);
        test_weighted_cost(type);
        test_costs_agree(type);
        test_not_finite(type);
        test_logit_backward(type);
        test_logit_backward_not_finite(type);
    }
    return check_end();
}
