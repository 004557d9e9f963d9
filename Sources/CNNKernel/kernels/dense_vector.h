/// dense.h on vectors: the same sums in the same order. The products are for whole blocks of NNK_LANES
/// examples, as the wide arenas have them; other numbers of examples are left to dense.h.
///
/// Part of kernels/arithmetic.h. A tile of NNK_TILE_ROWS x NNK_TILE_COLUMNS sums stays in registers, so that
/// each number that is loaded takes part in several products.

/// sum[r][c] = sum over t of w[r * row_stride + t * term_stride] x[t][c], t ascending.
///   sum (rows, columns) and x (terms, columns): columns of PARTs; rows of x are `stride` reals apart
/// Reading w along its rows gives W A, along its columns W^T dZ.
INLINE void product_tile(const size_t rows, const size_t columns, part *sum, const real *w, size_t row_stride,
                         size_t term_stride, const real *x, size_t terms, size_t stride) {
    UNROLLED for (size_t n = 0; n < rows * columns; n++) sum[n] = (part){0};
    for (size_t t = 0; t < terms; t++) UNROLLED for (size_t c = 0; c < columns; c++) {
            const part from = *(const part *)(x + t * stride + c * PART);
            UNROLLED for (size_t r = 0; r < rows; r++) sum[r * columns + c] +=
                w[r * row_stride + t * term_stride] * from;
        }
}

/// z (rows, columns of PARTs) = w a + b.
INLINE void forward_tile(const size_t rows, const size_t columns, real *z, const real *w, const real *b,
                         const real *a, nnk_shape s) {
    part sum[NNK_TILE_ROWS * NNK_TILE_COLUMNS];
    product_tile(rows, columns, sum, w, s.inputs, 1, a, s.inputs, s.stride);
    UNROLLED for (size_t r = 0; r < rows; r++) UNROLLED for (size_t c = 0; c < columns; c++) *
        (part *)(z + r * s.stride + c * PART) = sum[r * columns + c] + b[r];
}

/// A few rows of z = w a + b.
INLINE void forward_rows(const size_t rows, real *z, const real *w, const real *b, const real *a,
                         nnk_shape s) {
#define BODY(columns, c) forward_tile(rows, columns, z + (c)*PART, w, b, a + (c)*PART, s)
    IN_GROUPS(NNK_TILE_COLUMNS, s.examples / PART, BODY);
#undef BODY
}

static void linear_forward_vector(nnk_real *z_, const nnk_real *w_, const nnk_real *b_, const nnk_real *a_,
                                  nnk_shape s) {
    if (s.examples % NNK_LANES != 0) {
        linear_forward(z_, w_, b_, a_, s);
        return;
    }
    real *z = (real *)z_;
    const real *w = (const real *)w_, *b = (const real *)b_, *a = (const real *)a_;
#define BODY(rows, i) forward_rows(rows, z + (i)*s.stride, w + (i)*s.inputs, b + (i), a, s)
    IN_GROUPS(NNK_TILE_ROWS, s.outputs, BODY);
#undef BODY
}

/// The logarithm of 0 < square < 1 for weights of `real`. For float it is within 2^-48 of
/// nnk_log_by_squaring; close to 1, where that function is less exact, it is that function.
static double quick_log(double square) {
    if (sizeof(real) == sizeof(float) && square > 1 - 0x1p-12) return nnk_log_by_squaring(square);
    return nnk_exact_log(square);
}

/// Whether one of these doubles is within 2^-46 of itself of the middle between two floats; its last bit is
/// 2^-52.
static bool any_near_middle(const double *x, size_t count) {
    const uint32_t middle = 1u << 28, near = 1u << 6;
    uint32_t some = 0;
    for (size_t i = 0; i < count; i++)
        some |= ((uint32_t)nnk_bits_f64(x[i]) % (2 * middle) - (middle - near)) < 2 * near;
    return some != 0;
}

/// w (2 count) = the weights that these points give, not yet rounded to real.
static NNK_INLINED void weights_of(const nnk_points *p, size_t count, double *w, nnk_log_of *log, double root,
                                   int32_t initializer) {
    nnk_normals_of(p, count, w, log);
    if (initializer == NNK_INIT_SMALL)
        for (size_t n = 0; n < 2 * count; n++) w[n] *= 0.01;
    else
        for (size_t n = 0; n < 2 * count; n++) w[n] /= root;
}

/// Like initialize, up to NNK_PAIRS pairs at a time. A leftover half of a pair is drawn by initialize. For
/// float a faster logarithm is used, unless rounding to float could show the difference.
static void initialize_vector(nnk_real *w_, size_t count, int32_t inputs, int32_t initializer,
                              nnk_random *random) {
    real *w = (real *)w_;
    const double root = nnk_sqrt_f64((double)inputs);
    const size_t spare = count > 0 && random->has_spare;
    initialize(w_, spare, inputs, initializer, random);
    size_t i = spare;
    while (count - i >= 2) {
        nnk_points points;
        double drawn[2 * NNK_PAIRS];
        const size_t pairs = (count - i) / 2 < NNK_PAIRS ? (count - i) / 2 : NNK_PAIRS;
        nnk_draw_points(random, &points, pairs);
        weights_of(&points, pairs, drawn, quick_log, root, initializer);
        if (sizeof(real) == sizeof(float) && any_near_middle(drawn, 2 * pairs))
            weights_of(&points, pairs, drawn, nnk_log_by_squaring, root, initializer);
        for (size_t n = 0; n < 2 * pairs; n++) w[i + n] = (real)drawn[n];
        i += 2 * pairs;
    }
    initialize(real_at(w_, i), count - i, inputs, initializer, random);
}

/// Compilers use no vectors for relu of dense.h where it works in place.
static void relu_vector(nnk_real *a_, const nnk_real *z_, size_t count) {
    real *a = (real *)a_;
    const real *z = (const real *)z_;
    const lanes zero = {0};
    size_t j = 0;
    for (; j + NNK_LANES <= count; j += NNK_LANES) {
        const lanes x = *(const lanes *)(z + j);
        const lanes_int off = x <= 0;
        choose((lanes *)(a + j), &off, &zero, &x);
    }
    relu((nnk_real *)(a + j), (const nnk_real *)(z + j), count - j);
}

/// Compilers use no vectors for the lanes of dense.h's dot.
static double dot_vector(const nnk_real *x_, const nnk_real *y_, size_t count) {
    if (count < NNK_LANES) return dot(x_, y_, count);
    const real *x = (const real *)x_, *y = (const real *)y_;
    lanes sum = {0};
    size_t j = 0;
    for (; j + NNK_LANES <= count; j += NNK_LANES) sum += *(const lanes *)(x + j) * *(const lanes *)(y + j);
    real lane[NNK_LANES];
    memcpy(lane, &sum, sizeof lane);
    for (size_t i = 0; j < count; i++, j++) lane[i] += x[j] * y[j];
    return (double)real_sum_of_lanes(lane);
}

/// dot (units, rows): dot[u][r] = dz[u] . a[r], sums over examples in lanes, for a known number of rows and
/// units.
INLINE void dot_tile(const size_t rows, const size_t units, real *dot, const real *a, const real *dz,
                     nnk_shape s) {
    lanes in_lanes[NNK_TILE_ROWS * NNK_TILE_COLUMNS + 1];
    for (size_t l = 0; l < NNK_LANES; l += PART) {
        part sum[NNK_TILE_ROWS * NNK_TILE_COLUMNS];
        UNROLLED for (size_t n = 0; n < rows * units; n++) sum[n] = (part){0};
        for (size_t j = l; j < s.examples; j += NNK_LANES) {
            part x[NNK_TILE_ROWS];
            UNROLLED for (size_t r = 0; r < rows; r++) x[r] = *(const part *)(a + r * s.stride + j);
            UNROLLED for (size_t u = 0; u < units; u++) {
                const part d = *(const part *)(dz + u * s.stride + j);
                UNROLLED for (size_t r = 0; r < rows; r++) sum[u * rows + r] += d * x[r];
            }
        }
        UNROLLED for (size_t n = 0; n < rows * units; n++) * (part *)((real *)&in_lanes[n] + l) = sum[n];
    }
    sums_of_vectors(in_lanes, rows * units);
    memcpy(dot, in_lanes, rows * units * sizeof(real));
}

/// a (rows, columns of PARTs) = w^T dz where a > 0, else 0. An activation is above zero where its logit is.
INLINE void backward_tile(const size_t rows, const size_t columns, real *a, const real *w, const real *dz,
                          nnk_shape s) {
    part sum[NNK_TILE_ROWS * NNK_TILE_COLUMNS];
    product_tile(rows, columns, sum, w, 1, s.inputs, dz, s.outputs, s.stride);
    UNROLLED for (size_t r = 0; r < rows; r++) UNROLLED for (size_t c = 0; c < columns; c++) {
        part *place = (part *)(a + r * s.stride + c * PART);
        const part_int on = ~(part_int)(*place <= 0);
        *place = (part)((part_int)sum[r * columns + c] & on);
    }
}

/// hidden_update for a known number of units of the layer below.
INLINE void update_rows(const size_t rows, real *a, real *w, const real *dz, real rate, nnk_shape s) {
    real dot[NNK_TILE_ROWS * NNK_MAX_UNITS];
#define BODY(units, u) dot_tile(rows, units, dot + (u)*rows, a, dz + (u)*s.stride, s)
    IN_GROUPS(NNK_TILE_COLUMNS, s.outputs, BODY);
#undef BODY
#define BODY(columns, c) backward_tile(rows, columns, a + (c)*PART, w, dz + (c)*PART, s)
    IN_GROUPS(NNK_TILE_COLUMNS, s.examples / PART, BODY);
#undef BODY
    for (size_t u = 0; u < s.outputs; u++)
        UNROLLED for (size_t r = 0; r < rows; r++) w[u * s.inputs + r] -= rate * dot[u * rows + r];
}

static void hidden_update_vector(nnk_real *a_, nnk_real *w_, const nnk_real *dz_, double rate_, nnk_real *row,
                                 size_t units, nnk_shape s) {
    if (s.examples % NNK_LANES != 0) {
        hidden_update(a_, w_, dz_, rate_, row, units, s);
        return;
    }
    real *a = (real *)a_, *w = (real *)w_, rate = (real)rate_;
    const real *dz = (const real *)dz_;
#define BODY(rows, k) update_rows(rows, a + (k)*s.stride, w + (k), dz, rate, s)
    IN_GROUPS(NNK_TILE_ROWS, units, BODY);
#undef BODY
}

static void bias_update_vector(nnk_real *b_, const nnk_real *dz_, double rate_, nnk_shape s) {
    if (s.examples % NNK_LANES != 0) {
        bias_update(b_, dz_, rate_, s);
        return;
    }
    real *b = (real *)b_, rate = (real)rate_;
    const real *dz = (const real *)dz_;
    for (size_t i = 0; i < s.outputs; i += NNK_LANES) {
        const size_t some = s.outputs - i < NNK_LANES ? s.outputs - i : NNK_LANES;
        lanes sum[NNK_LANES];
        for (size_t n = 0; n < some; n++) {
            sum[n] = (lanes){0};
            for (size_t j = 0; j < s.examples; j += NNK_LANES)
                sum[n] += *(const lanes *)(dz + (i + n) * s.stride + j);
        }
        sums_of_vectors(sum, some);
        for (size_t n = 0; n < some; n++) b[i + n] -= rate * sum[0][n];
    }
}
