/// dense.h's products on vectors: the same sums in the same order. Whole blocks of 16 examples only, as the
/// wide arenas have them; others are left to dense.h.
///
/// Part of kernels/arithmetic.h. A tile of NNK_TILE_ROWS x NNK_TILE_COLUMNS sums
/// stays in registers: each number that is loaded takes part in several products.

/// sum[r][c] = sum over t of w[r * row_step + t * term_step] x[t][c], ascending; c counts PARTs.
/// w read along its rows gives W A, along its columns W^T dZ.
INLINE void product_tile(const size_t rows, const size_t columns, part *sum, const real *w, size_t row_step,
                         size_t term_step, const real *x, size_t terms, size_t stride) {
    UNROLLED for (size_t n = 0; n < rows * columns; n++) sum[n] = (part){0};
    for (size_t t = 0; t < terms; t++) UNROLLED for (size_t c = 0; c < columns; c++) {
            const part from = *(const part *)(x + t * stride + c * PART);
            UNROLLED for (size_t r = 0; r < rows; r++) sum[r * columns + c] +=
                w[r * row_step + t * term_step] * from;
        }
}

/// z (rows, columns) = w a + b
INLINE void forward_tile(const size_t rows, const size_t columns, real *z, const real *w, const real *b,
                         const real *a, nnk_shape s) {
    part sum[NNK_TILE_ROWS * NNK_TILE_COLUMNS];
    product_tile(rows, columns, sum, w, s.inputs, 1, a, s.inputs, s.stride);
    UNROLLED for (size_t r = 0; r < rows; r++) UNROLLED for (size_t c = 0; c < columns; c++) *
        (part *)(z + r * s.stride + c * PART) = sum[r * columns + c] + b[r];
}

INLINE void forward_rows(const size_t rows, real *z, const real *w, const real *b, const real *a,
                         nnk_shape s) {
#define BODY(columns, c) forward_tile(rows, columns, z + (c)*PART, w, b, a + (c)*PART, s)
    IN_GROUPS(NNK_TILE_COLUMNS, s.examples / PART, BODY);
#undef BODY
}

static void linear_forward_vector(void *z_, const void *w_, const void *b_, const void *a, nnk_shape s) {
    if (s.examples % NNK_LANES != 0) {
        linear_forward(z_, w_, b_, a, s);
        return;
    }
    real *z = z_;
    const real *w = w_, *b = b_;
#define BODY(rows, i) forward_rows(rows, z + (i)*s.stride, w + (i)*s.inputs, b + (i), a, s)
    IN_GROUPS(NNK_TILE_ROWS, s.outputs, BODY);
#undef BODY
}

/// A logarithm for weights of `real`. For float it is within 2^-48 of nnk_log_by_squaring: close to 1, where
/// that one is less exact, it is itself.
static double quick_log(double square) {
    if (sizeof(real) == sizeof(float) && square > 1 - 0x1p-12) return nnk_log_by_squaring(square);
    return nnk_exact_log(square);
}

/// Whether one of these is within 2^-46 of the middle between two floats: 2^-52 is its last bit.
static int32_t any_near_middle(const double *x, size_t count) {
    const uint32_t middle = 1u << 28, near = 1u << 6;
    uint32_t some = 0;
    for (size_t i = 0; i < count; i++)
        some |= ((uint32_t)nnk_bits_f64(x[i]) % (2 * middle) - (middle - near)) < 2 * near;
    return some != 0;
}

/// These points' 2 count weights, not yet rounded to real.
static NNK_INLINED void weights_of(const nnk_points *p, size_t count, double *w, nnk_log_of *log, double root,
                                   int32_t initializer) {
    nnk_normals_of(p, count, w, log);
    if (initializer == NNK_INIT_SMALL)
        for (size_t n = 0; n < 2 * count; n++) w[n] *= 0.01;
    else
        for (size_t n = 0; n < 2 * count; n++) w[n] /= root;
}

/// initialize of dense.h, many at a time: it itself draws the half of a pair. For float the logarithm is
/// another one, until it could show.
static void initialize_vector(void *w_, size_t count, int32_t inputs, int32_t initializer,
                              nnk_random *random) {
    real *w = w_;
    const double root = nnk_sqrt_f64((double)inputs);
    const size_t spare = count > 0 && random->has_spare;
    initialize(w, spare, inputs, initializer, random);
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
    initialize(w + i, count - i, inputs, initializer, random);
}

/// Element by element; in place too, where compilers don't widen the loop of dense.h.
static void relu_vector(void *a_, const void *z_, size_t count) {
    real *a = a_;
    const real *z = z_;
    const lanes zero = {0};
    size_t j = 0;
    for (; j + NNK_LANES <= count; j += NNK_LANES) {
        const lanes x = *(const lanes *)(z + j);
        const lanes_int off = x <= 0;
        choose((lanes *)(a + j), &off, &zero, &x);
    }
    relu(a + j, z + j, count - j);
}

/// dot[u * rows + r] = dz[u] . a[r]: a tile of sums in lanes, one register's lanes at a time.
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

/// a (rows, columns) = where a is above zero: w^T dz, else 0. An activation above zero is a logit above zero.
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

/// hidden_step for a few units of the layer below, whose activations and columns of W these are.
INLINE void step_rows(const size_t rows, real *a, real *w, const real *dz, real step, nnk_shape s) {
    real dot[NNK_TILE_ROWS * NNK_MAX_UNITS];
#define BODY(units, u) dot_tile(rows, units, dot + (u)*rows, a, dz + (u)*s.stride, s)
    IN_GROUPS(NNK_TILE_COLUMNS, s.outputs, BODY);
#undef BODY
#define BODY(columns, c) backward_tile(rows, columns, a + (c)*PART, w, dz + (c)*PART, s)
    IN_GROUPS(NNK_TILE_COLUMNS, s.examples / PART, BODY);
#undef BODY
    for (size_t u = 0; u < s.outputs; u++)
        UNROLLED for (size_t r = 0; r < rows; r++) w[u * s.inputs + r] -= step * dot[u * rows + r];
}

static void hidden_step_vector(void *a_, void *w_, const void *dz, double rate, void *row, size_t units,
                               nnk_shape s) {
    real *a = a_, *w = w_, step = (real)rate;
    if (s.examples % NNK_LANES != 0) {
        for (size_t k = 0; k < units; k++) unit_step(a + k * s.stride, w + k, dz, rate, row, s);
        return;
    }
#define BODY(rows, k) step_rows(rows, a + (k)*s.stride, w + (k), dz, step, s)
    IN_GROUPS(NNK_TILE_ROWS, units, BODY);
#undef BODY
}

static void bias_step_vector(void *b_, const void *dz_, double rate, nnk_shape s) {
    if (s.examples % NNK_LANES != 0) {
        bias_step(b_, dz_, rate, s);
        return;
    }
    real *b = b_, step = (real)rate;
    const real *dz = dz_;
    for (size_t i = 0; i < s.outputs; i += NNK_LANES) {
        const size_t some = s.outputs - i < NNK_LANES ? s.outputs - i : NNK_LANES;
        lanes sum[NNK_LANES];
        for (size_t n = 0; n < some; n++) {
            sum[n] = (lanes){0};
            for (size_t j = 0; j < s.examples; j += NNK_LANES)
                sum[n] += *(const lanes *)(dz + (i + n) * s.stride + j);
        }
        sums_of_vectors(sum, some);
        for (size_t n = 0; n < some; n++) b[i + n] -= step * sum[0][n];
    }
}
