/// The dual methods. Their kernels are compared with restatements, the packed and the wide method with each
/// other to the bit, and both with the primal method. test_train.c tests what holds for all methods.
#include "jobs.h"

// Kernels.

/// Random reals without -0, which sums that start from +0 never become.
static nnk_real *random_sums(size_t count, int32_t type) {
    nnk_real *reals = random_reals(count, type);
    for (size_t i = 0; i < count; i++)
        if (get(reals, i, type) == 0) put(reals, i, 0, type);
    return reals;
}

static nnk_shape random_shape(uint32_t max_examples) {
    nnk_shape s = {1 + random_below(23), 12288, 1 + random_below(max_examples), 0};
    s.stride = s.examples + random_below(2) * random_below(40);
    return s;
}

static void test_logits(int32_t type) {
    for (uint32_t round = 0; round < check_rounds(300); round++) {
        const nnk_shape s = random_shape(60);
        const size_t bytes = bytes_of(s.outputs * s.stride, type);
        nnk_real *p = random_reals(s.outputs * s.stride, type), *b = random_reals(s.outputs, type);
        nnk_real *before = random_reals(s.outputs * s.stride, type);
        for (int with_relu = 0; with_relu <= 1; with_relu++) FOR_EACH_ARITHMETIC(k, type) {
                nnk_real *a = copy_of(before, bytes), *in_place = copy_of(p, bytes),
                         *want = copy_of(before, bytes);
                k->dual_logits(a, p, b, with_relu, s);
                k->dual_logits(in_place, in_place, b, with_relu, s);
                for (size_t i = 0; i < s.outputs * s.stride; i++) {
                    const double z = plus(get(p, i, type), get(b, i / s.stride, type), type);
                    const double wanted = with_relu && z <= 0 ? 0 : z;
                    const int is_example = i % s.stride < s.examples;
                    if (is_example) put(want, i, wanted, type);
                    CHECK(get(in_place, i, type) == (is_example ? wanted : get(p, i, type)));
                }
                CHECK_SAME(a, want, bytes);
                free(a);
                free(in_place);
                free(want);
            }
        free(p);
        free(b);
        free(before);
    }
}

static void test_collect(int32_t type) {
    for (uint32_t round = 0; round < check_rounds(300); round++) {
        const size_t count = random_below(300), bytes = bytes_of(count, type);
        const double rate = random_between(-1e-6, 0), scale = rounded(rate, type);
        nnk_real *c = random_reals(count, type), *dz = random_reals(count, type);
        nnk_real *c_want = copy_of(c, bytes), *dz_want = copy_of(dz, bytes);
        for (size_t i = 0; i < count; i++) {
            put(c_want, i, plus(get(c, i, type), get(dz, i, type), type), type);
            put(dz_want, i, rounded(get(dz, i, type) * scale, type), type);
        }
        FOR_EACH_ARITHMETIC(k, type) {
            nnk_real *sum = copy_of(c, bytes), *scaled = copy_of(dz, bytes);
            k->dual_collect(sum, scaled, rate, count);
            CHECK_SAME(sum, c_want, bytes);
            CHECK_SAME(scaled, dz_want, bytes);
            free(sum);
            free(scaled);
        }
        free(c);
        free(dz);
        free(c_want);
        free(dz_want);
    }
}

/// `count` random images of `width` bytes, in memory that ends with the last byte; sometimes all black or
/// white.
static nnk_patch random_patch(size_t count, size_t width) {
    const size_t stride = width + random_below(2) * random_below(300), bytes = (count - 1) * stride + width;
    uint8_t *x = random_bytes(bytes);
    const uint32_t kind = random_below(8);
    if (kind < 2) memset(x, kind ? 255 : 0, bytes);
    return (nnk_patch){x, stride, count, width};
}

/// project over two patches gives each unit's sums as input_forward does; project_end scales them as
/// input_activate does. Nothing is written between the rows.
static void test_project(int32_t type) {
    for (uint32_t round = 0; round < check_rounds(300); round++) {
        const size_t width = 1 + random_below(NNK_PATCH), count = 1 + random_below(NNK_LANES);
        const size_t units = 1 + random_below(5), stride = count + random_below(5);
        const size_t w_stride = 2 * width + random_below(5), reals = units * stride;
        const nnk_patch first = random_patch(count, width), second = random_patch(count, width);
        nnk_real *w = random_reals(units * w_stride, type), *before = random_sums(reals, type);
        nnk_real *tile = room_for(bytes_of(NNK_PATCH * NNK_LANES, type));
        nnk_real *sums = copy_of(before, bytes_of(reals, type));
        for (size_t r = 0; r < units; r++) {
            nnk_real *row = random_sums(NNK_LANES, type);
            memcpy(row, at(before, r * stride, type), bytes_of(count, type));
            arithmetic_at(type, 0)->input_forward(row, at(w, r * w_stride, type), 1, first, tile);
            arithmetic_at(type, 0)->input_forward(row, at(w, r * w_stride + width, type), 1, second, tile);
            memcpy(at(sums, r * stride, type), row, bytes_of(count, type));
            free(row);
        }
        nnk_real *scaled = copy_of(sums, bytes_of(reals, type));
        for (size_t j = 0; j < count; j++)
            put(scaled, j, rounded(get(sums, j, type) * rounded(1.0 / 255.0, type), type), type);
        FOR_EACH_ARITHMETIC(k, type) {
            nnk_real *p = copy_of(before, bytes_of(reals, type));
            k->project(p, stride, w, w_stride, units, first);
            k->project(p, stride, at(w, width, type), w_stride, units, second);
            CHECK_SAME(p, sums, bytes_of(reals, type));
            k->project_end(p, count);
            CHECK_SAME(p, scaled, bytes_of(reals, type));
            free(p);
        }
        free((void *)first.x);
        free((void *)second.x);
        free(w);
        free(before);
        free(tile);
        free(sums);
        free(scaled);
    }
}

/// Checks the products of x and y in a matrix with room between its rows. Of an image with itself, only the
/// lower triangle is promised.
static void check_products(nnk_patch x, nnk_patch y) {
    const size_t stride = y.examples + random_below(5), count = x.examples * stride;
    uint32_t *before = room_for(count * sizeof *before), *sum = room_for(count * sizeof *sum);
    for (size_t i = 0; i < count; i++) before[i] = random_below(1000);
    FOR_EACH_TYPE(type) FOR_EACH_ARITHMETIC(k, type) {
        memcpy(sum, before, count * sizeof *sum);
        k->gram_products(sum, stride, x, y);
        for (size_t i = 0; i < x.examples; i++)
            for (size_t j = 0; j < stride; j++) {
                uint32_t want = before[i * stride + j];
                if (j < y.examples && x.x == y.x && j > i) continue;
                for (size_t n = 0; n < x.width && j < y.examples; n++)
                    want += (uint32_t)x.x[i * x.stride + n] * y.x[j * y.stride + n];
                CHECK(sum[i * stride + j] == want);
            }
    }
    free(before);
    free(sum);
}

static void test_products(void) {
    for (uint32_t round = 0; round < check_rounds(200); round++) {
        const size_t width = round < 70 ? round : random_below(700);
        const uint32_t most = round % 4 == 0 ? 64 : NNK_LANES;
        const nnk_patch x = random_patch(1 + random_below(most), width);
        const nnk_patch y = random_patch(1 + random_below(most), width);
        check_products(x, y);
        check_products(x, x); // as in blocks on the diagonal
        free((void *)x.x);
        free((void *)y.x);
    }
    // The largest products: white images of the most bytes.
    uint8_t *white = room_for(NNK_MAX_DUAL_INPUTS);
    memset(white, 255, NNK_MAX_DUAL_INPUTS);
    const nnk_patch whole = {white, 0, NNK_LANES, NNK_MAX_DUAL_INPUTS};
    check_products(whole, whole);
    free(white);
}

/// What a real stores of an element: float the upper 24 bits of 30, rounded to nearest.
static uint32_t kept_of(uint32_t sum, int32_t type) { return type == NNK_F32 ? (sum + 32) >> 6 : sum; }

static size_t packed_bytes(int32_t type) { return type == NNK_F32 ? 3 : 4; }

static void check_element(uint32_t sum, int32_t type) {
    const uint32_t kept = kept_of(sum, type);
    FOR_EACH_ARITHMETIC(k, type) {
        uint8_t packed[6] = {0x5a, 0x5a, 0x5a, 0x5a, 0x5a, 0x5a};
        k->gram_pack(packed + 1, sum);
        for (size_t b = 0; b < 6; b++)
            CHECK(packed[b] == (b > 0 && b <= packed_bytes(type) ? (uint8_t)(kept >> 8 * (b - 1)) : 0x5a));
        double one[NNK_LANES]; // G of one example
        k->gram_spread((nnk_real *)one, sum, 0, 0, 1);
        CHECK(get(one, 0, type) == (double)kept); // exactly: a float has 24 bits
        CHECK(k->gram_unit == (type == NNK_F32 ? 64 : 1));
        CHECK(fabs(get(one, 0, type) * k->gram_unit - sum) <= k->gram_unit / 2);
    }
}

static void test_elements(int32_t type) {
    const uint32_t largest = NNK_MAX_DUAL_INPUTS * 255 * 255;
    for (uint32_t sum = 0; sum < 300; sum++) {
        check_element(sum, type); // on both sides of each tie
        check_element(largest - sum, type);
        check_element((1 << 24) - 150 + sum, type);
        check_element(random_below(largest + 1), type);
    }
}

/// What D += dZ, P += E G needs, E = scale dZ, with G in all layouts. Columns that fill up the stride hold
/// zeros.
typedef struct update {
    nnk_shape s;
    int32_t type;
    double scale;
    double *g; ///< (examples, examples)
    nnk_real *p, *d, *dz, *e, *wide;
    uint8_t *packed;
} update;

static update random_update(int32_t type, size_t m) {
    const size_t stride = NNK_STRIDE(m);
    update u = {.type = type, .s = {1 + random_below(23), 0, m, stride}};
    u.p = random_sums(u.s.outputs * stride, type);
    u.d = random_reals(u.s.outputs * stride, type);
    u.dz = random_reals(u.s.outputs * stride, type);
    u.e = random_reals(u.s.outputs * stride, type);
    u.scale = random_below(3) ? rounded(-0.0075 / (double)m, type) : 1;
    u.g = room_for(m * m * sizeof(double));
    u.wide = room_for(bytes_of(stride * m, type));
    u.packed = room_for(m * (m + 1) / 2 * packed_bytes(type));
    memset(u.wide, 0, bytes_of(stride * m, type));
    const nnk_arithmetic *k = arithmetic_at(type, 0);
    for (size_t row = 0; row < m; row++)
        for (size_t column = 0; column <= row; column++) {
            const uint32_t sum = random_below(8) ? random_below(NNK_MAX_DUAL_INPUTS * 255 * 255) : 0;
            k->gram_spread(u.wide, sum, row, column, m);
            k->gram_pack(u.packed + (row * (row + 1) / 2 + column) * packed_bytes(type), sum);
            u.g[row * m + column] = u.g[column * m + row] = kept_of(sum, type);
        }
    return u;
}

static void release_update(update u) {
    free(u.g);
    free(u.p);
    free(u.d);
    free(u.dz);
    free(u.e);
    free(u.wide);
    free(u.packed);
}

/// Deltas as ReLU and the sigmoid leave them: two thirds are zeros, of both signs, and from some examples no
/// unit learns.
static void make_sparse(update u) {
    const uint32_t share = random_below(4);
    for (size_t j = 0; j < u.s.stride; j++) {
        const int is_dead = j >= u.s.examples || random_below(3) < share; // up to all of them
        for (size_t i = 0; i < u.s.outputs; i++)
            if (is_dead || random_below(3))
                put(u.dz, i * u.s.stride + j, random_below(2) ? 0.0 : -0.0, u.type);
    }
    for (size_t i = 0; i < u.s.outputs * u.s.stride; i++)
        put(u.e, i, rounded(get(u.dz, i, u.type) * u.scale, u.type), u.type);
}

/// Returns P + E G; the terms of an element ascend. Adding zeros changes no bit.
static nnk_real *restated_update(update u) {
    const size_t m = u.s.examples, stride = u.s.stride;
    nnk_real *want = copy_of(u.p, bytes_of(u.s.outputs * stride, u.type));
    for (size_t i = 0; i < u.s.outputs; i++)
        for (size_t j = 0; j < m; j++) {
            double sum = get(u.p, i * stride + j, u.type);
            wide exact = sum, size = wide_abs(exact);
            for (size_t c = 0; c < m; c++) {
                const double e = get(u.e, i * stride + c, u.type), g = u.g[j * m + c];
                sum = plus_product(sum, e, g, u.type);
                exact += (wide)e * (wide)g;
                size += wide_abs((wide)e * (wide)g);
            }
            put(want, i * stride + j, sum, u.type);
            CHECK_NEAR(sum, exact, (double)(m + 1) * epsilon_of(u.type) * (double)size);
        }
    return want;
}

static void check_update(const nnk_arithmetic *k, update u, const nnk_real *want) {
    const size_t m = u.s.examples, bytes = bytes_of(u.s.outputs * u.s.stride, u.type);
    nnk_real *p = copy_of(u.p, bytes), *d = copy_of(u.d, bytes), *dz = copy_of(u.dz, bytes);
    const size_t scratch_bytes = u.s.outputs * NNK_LIST_BYTES(bytes_of(1, u.type));
    uint8_t *scratch = room_for(scratch_bytes);
    // Columns can be updated in parts of whole blocks, in any order.
    const size_t middle = random_below((uint32_t)(u.s.stride / NNK_LANES) + 1) * NNK_LANES;
    k->dual_update(p, d, dz, u.scale, u.wide, middle, u.s.stride - middle, u.s, scratch);
    memset(scratch, 0xff, scratch_bytes);
    k->dual_update(p, d, dz, u.scale, u.wide, 0, middle, u.s, scratch);
    CHECK_SAME(dz, u.dz, bytes);
    for (size_t i = 0; i < u.s.outputs; i++) {
        const size_t row = bytes_of(i * u.s.stride, u.type), row_bytes = bytes_of(m, u.type);
        CHECK_SAME((uint8_t *)p + row, (const uint8_t *)want + row, row_bytes);
        for (size_t j = i * u.s.stride; j < i * u.s.stride + m; j++)
            CHECK_EQUAL(get(d, j, u.type), plus(get(u.d, j, u.type), get(u.dz, j, u.type), u.type));
        nnk_real *one_p = copy_of((uint8_t *)u.p + row, row_bytes),
                 *one_e = copy_of((uint8_t *)u.e + row, row_bytes);
        k->dual_update_packed(one_p, one_e, u.packed, m);
        CHECK_SAME(one_p, (const uint8_t *)want + row, row_bytes);
        free(one_p);
        free(one_e);
    }
    free(p);
    free(d);
    free(dz);
    free(scratch);
}

static void test_update(int32_t type, size_t m) {
    update u = random_update(type, m);
    make_sparse(u);
    nnk_real *want = restated_update(u);
    FOR_EACH_ARITHMETIC(k, type) check_update(k, u, want);
    free(want);
    release_update(u);
}

// Training.

/// The packed dual with the scalar kernels gives a model; all other ways give the same file.
static file dual_model(nnk_job job, data *d) {
    const int32_t type = job.arithmetic->dtype;
    const nnk_arithmetic *arithmetics[] = {arithmetic_at(type, 0), nnk_fastest(type)};
    job.method = &nnk_dual;
    job.arithmetic = arithmetics[0];
    file packed = train(&job);
    const nnk_model model = opened(&packed, job.topology);
    CHECK_EQUAL(model.method, NNK_DUAL); // for the wide one too
    for (int32_t method = NNK_DUAL; method <= NNK_DUAL_WIDE; method++)
        for (int way = 0; way < 4; way++) {
            job.method = methods[method];
            job.arithmetic = arithmetics[way / 2];
            job.images = way % 2 ? read_in(d) : mapped(d);
            file other = train(&job);
            CHECK_SAME_FILE(other, packed);
            free(other.bytes);
        }
    return packed;
}

static void check_dual(const nnk_topology *t, int32_t type, data *d, uint32_t iterations) {
    nnk_job job = job_of(t, arithmetic_at(type, 0), d, iterations);
    job.initializer = NNK_INIT_DEEP;
    file f = dual_model(job, d);
    free(f.bytes);
}

static void test_same_bytes(int32_t type) {
    static const uint32_t counts[] = {1, 2, 15, 16, 17, 31, 33, 64};
    static const int32_t sizes[] = {1, 191, 192, 193, 400, 1000};
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++)
        for (size_t m = 0; m < sizeof counts / sizeof counts[0]; m++)
            for (int32_t layers = 2; layers <= 3; layers++) {
                if (!check_takes((s * 8 + m) * 4 + (size_t)layers)) continue;
                nnk_topology t = {layers, {sizes[s], 5, 1}};
                if (layers == 3) t = (nnk_topology){3, {sizes[s], 6, 4, 1}};
                data d = random_data(&t, counts[m]);
                check_dual(&t, type, &d, 4);
                release_data(d);
            }
    for (uint32_t m = 5; m <= 17; m += 12) FOR_EACH_TYPE(deep) {
            const nnk_topology *t = deep == NNK_F32 ? &nnk_deep : &nnk_two_layer;
            data d = random_data(t, m);
            check_dual(t, type, &d, 2);
            release_data(d);
        }
}

/// Data with nothing to tell apart, or nothing to see.
static void test_dull_data(int32_t type) {
    const nnk_topology t = {3, {193, 6, 4, 1}};
    for (uint32_t m = 1; m <= 18; m += 17) {
        data d = random_data(&t, m);
        for (int label = 0; label <= 1; label++) {
            memset(d.labels, label, m);
            check_dual(&t, type, &d, 4);
        }
        for (uint32_t j = 0; j < m; j++) {
            d.labels[j] = (uint8_t)(j % 2);
            memcpy(d.images + j * d.reader.size, d.images, d.reader.size);
        }
        check_dual(&t, type, &d, 4);
        for (int pixel = 0; pixel <= 255; pixel += 255) {
            memset(d.images, pixel, (size_t)m * d.reader.size);
            check_dual(&t, type, &d, 4);
        }
        release_data(d);
    }
}

static void test_class_names(int32_t type) {
    const nnk_topology t = {2, {50, 4, 1}};
    data d = random_data(&t, 17);
    nnk_job job = job_of(&t, arithmetic_at(type, 0), &d, 2);
    job.class_names[0] = "non-cat";
    job.class_names[1] = "cat";
    file f = dual_model(job, &d);
    const nnk_model m = opened(&f, &t);
    CHECK(strcmp(m.class_names[0], "non-cat") == 0 && strcmp(m.class_names[1], "cat") == 0);
    free(f.bytes);
    // Names that are too long lose whole characters.
#define X28 "xxxxxxxxxxxxxxxxxxxxxxxxxxxx"
    static const char *const names[][2] = {{X28 "xxxx", X28 "xxx"},
                                           {X28 "x\xc3\xa4", X28 "x\xc3\xa4"},
                                           {X28 "x\xc3\xa4z", X28 "x\xc3\xa4"},
                                           {X28 "xx\xc3\xa4", X28 "xx"},
                                           {X28 "xx\xf0\x9f\x90\xb1", X28 "xx"}};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        job.class_names[0] = names[i][0];
        file g = dual_model(job, &d);
        const nnk_model cut = opened(&g, &t);
        CHECK(strcmp(cut.class_names[0], names[i][1]) == 0);
        free(g.bytes);
    }
    release_data(d);
}

/// The dual's model is the primal's, except for the method and the checksums.
static int same_but_for_method(const file *dual, const file *primal) {
    enum { METHOD = 10, AFTER = METHOD + 1, CHECKSUM = 60 };
    return dual->size == primal->size && memcmp(dual->bytes, primal->bytes, METHOD) == 0 &&
           dual->bytes[METHOD] == NNK_DUAL && primal->bytes[METHOD] == NNK_PRIMAL &&
           memcmp(dual->bytes + AFTER, primal->bytes + AFTER, CHECKSUM - AFTER) == 0 &&
           memcmp(dual->bytes + NNK_HEADER_BYTES, primal->bytes + NNK_HEADER_BYTES,
                  dual->size - NNK_HEADER_BYTES) == 0;
}

/// Without iterations, and after one, dual and primal give the same model: G has had no part in its sums yet.
/// The rounding differs from the second iteration on.
static void test_first_step(int32_t type) {
    static const nnk_topology networks[] = {{3, {400, 6, 4, 1}}, {2, {193, 5, 1}}, {2, {7, 256, 1}}};
    for (size_t i = 0; i < 3; i++)
        for (uint32_t iterations = 0; iterations <= 1; iterations++)
            for (int32_t initializer = NNK_INIT_DEEP; initializer <= NNK_INIT_SMALL; initializer++) {
                data d = random_data(&networks[i], 33);
                nnk_job job = job_of(&networks[i], arithmetic_at(type, 0), &d, iterations);
                job.initializer = initializer;
                file primal = train(&job), dual = dual_model(job, &d);
                CHECK(same_but_for_method(&dual, &primal));
                free(primal.bytes);
                free(dual.bytes);
                release_data(d);
            }
}

/// All costs of a run.
static double *costs_of(const nnk_job *job) {
    const size_t bytes = nnk_train_bytes(job);
    double *costs = room_for(job->iterations * sizeof *costs);
    void *arena = room_for(bytes);
    CHECK_EQUAL(nnk_train_begin(job, arena, bytes), NNK_OK);
    uint32_t count = 0;
    nnk_status status;
    while ((status = nnk_train_step(job, arena)) > 0) {
        nnk_progress progress;
        if (status != NNK_COST || !CHECK(count < job->iterations)) continue;
        CHECK_EQUAL(nnk_train_progress(job, arena, &progress), NNK_OK);
        costs[count++] = progress.cost;
    }
    CHECK_EQUAL(status, NNK_OK);
    CHECK_EQUAL(count, job->iterations);
    free(arena);
    return costs;
}

/// Dual and primal are the same gradient descent. Sums of up to 400 terms round differently, by some 20 eps
/// of the logits, which are of the order of 1; over the iterations that adds up.
static void test_against_primal(int32_t type, const nnk_topology *t, uint32_t m, uint32_t iterations) {
    data d = random_data(t, m);
    nnk_job job = job_of(t, nnk_fastest(type), &d, iterations);
    job.initializer = NNK_INIT_DEEP;
    job.learning_rate = 0.1;
    double *primal = costs_of(&job), largest = 0;
    for (int32_t method = NNK_DUAL; method <= NNK_DUAL_WIDE; method++) {
        job.method = methods[method];
        double *dual = costs_of(&job);
        for (uint32_t i = 0; i < iterations; i++) {
            const double off = fabs(dual[i] - primal[i]) / epsilon_of(type);
            CHECK_NEAR(dual[i], primal[i], 20 * (i + 1) * epsilon_of(type));
            if (off > largest) largest = off;
        }
        free(dual);
    }
    CHECK(primal[iterations - 1] < primal[0]);
    printf("%s, %u examples: costs differ by up to %.1f eps\n", type == NNK_F32 ? "float" : "double",
           (unsigned)m, largest);
    free(primal);
    release_data(d);
}

/// More examples than the packed triangle of the seed's data set has, and rather more steps.
static void test_many(int32_t type) {
    const nnk_topology t = {4, {400, 20, 7, 5, 1}};
    data d = random_data(&t, 300);
    check_dual(&t, type, &d, 50);
    release_data(d);
}

/// nnk_f32_dual and nnk_f64_dual are enough for the packed method, and are refused by the others.
static void test_small_arithmetic(int32_t type) {
    static const nnk_topology networks[] = {{4, {400, 20, 7, 5, 1}}, {2, {7, 3, 1}}};
    for (size_t i = 0; i < 2; i++) {
        data d = random_data(&networks[i], 19);
        nnk_job job = job_of(&networks[i], arithmetic_at(type, 0), &d, 5);
        job.method = &nnk_dual;
        file want = train(&job);
        job.arithmetic = type == NNK_F32 ? &nnk_f32_dual : &nnk_f64_dual;
        file got = train(&job);
        CHECK_SAME_FILE(got, want);
        for (int32_t method = NNK_PRIMAL; method <= NNK_DUAL_WIDE; method += NNK_DUAL_WIDE) {
            job.method = methods[method];
            CHECK_EQUAL(nnk_train_bytes(&job), 0);
        }
        free(got.bytes);
        free(want.bytes);
        release_data(d);
    }
}

/// Without examples there is nothing to read or to write.
static void test_no_examples(int32_t type) {
    FOR_EACH_ARITHMETIC(k, type) k->dual_update_packed(NULL, NULL, NULL, 0);
    CHECK(arithmetic_at(type, 0) != NULL);
}

int main(void) {
    static const nnk_topology deep = {4, {400, 20, 7, 5, 1}}, two_layer = {2, {400, 7, 1}};
    test_products();
    FOR_EACH_TYPE(type) {
        test_logits(type);
        test_collect(type);
        test_project(type);
        test_elements(type);
        for (size_t m = 1; m <= 40; m++)
            for (uint32_t round = 0; round < check_rounds(3); round++) test_update(type, m);
        for (uint32_t round = 0; round < check_rounds(3); round++) test_update(type, 209);
        test_no_examples(type);
        test_small_arithmetic(type);
        test_same_bytes(type);
        test_dull_data(type);
        test_class_names(type);
        test_first_step(type);
        test_against_primal(type, &deep, 33, 30);
        test_against_primal(type, &two_layer, 209, 30);
        test_many(type);
    }
    return check_end();
}
