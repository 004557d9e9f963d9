/// What the dual methods compute: elements of the Gram matrix, P, and their update. docs/DESIGN.md has the
/// idea, kernels.h the algebra, the shapes and the order of the sums.
///
/// Part of kernels/arithmetic.h. dual_vector.h computes the same bits.

/// An element of the Gram matrix is below 2^30 for images of up to NNK_MAX_DUAL_INPUTS bytes. float has room
/// for 24 bits and keeps G / 64, rounded to nearest, ties up; double keeps G itself.
enum { GRAM_BITS = sizeof(real) == 4 ? 6 : 0, PACKED_BYTES = sizeof(real) == 4 ? 3 : 4 };

static uint32_t gram_element(uint32_t sum) { return (sum + (1u << GRAM_BITS >> 1)) >> GRAM_BITS; }

static void gram_pack(uint8_t *packed, uint32_t sum) {
    const uint32_t g = gram_element(sum);
    for (uint32_t b = 0; b < PACKED_BYTES; b++) packed[b] = (uint8_t)(g >> 8 * b);
}

static real gram_unpack(const uint8_t *packed) {
    uint32_t g = 0;
    for (uint32_t b = 0; b < PACKED_BYTES; b++) g |= (uint32_t)packed[b] << 8 * b;
    return (real)(int32_t)g;
}

/// Index of an element in the wide layout. NNK_LANES columns lie side by side, so that a block of columns is
/// read from its start to its end.
static size_t gram_index(size_t row, size_t column, size_t examples) {
    return (column / NNK_LANES * examples + row) * NNK_LANES + column % NNK_LANES;
}

static void gram_spread(nnk_real *gram_, uint32_t sum, size_t j, size_t k, size_t examples) {
    real *gram = (real *)gram_;
    gram[gram_index(j, k, examples)] = gram[gram_index(k, j, examples)] = (real)(int32_t)gram_element(sum);
}

/// project for some units and images.
static void project_part(real *p, size_t p_stride, const real *w, size_t w_stride, size_t units,
                         nnk_patch patch) {
    for (; units > 0; units--, p += p_stride, w += w_stride) {
        const uint8_t *x = patch.x;
        for (size_t j = 0; j < patch.examples; j++, x += patch.stride) {
            real sum = p[j];
            for (size_t k = 0; k < patch.width; k++) sum += w[k] * (real)x[k];
            p[j] = sum;
        }
    }
}

enum { PROJECT_UNITS = 2, PROJECT_IMAGES = 4 }; ///< whose sums are in registers, if there are so many

/// project for PROJECT_UNITS and PROJECT_IMAGES: each byte is converted once for two products.
static void project_tile(real *p, size_t p_stride, const real *w, size_t w_stride, nnk_patch patch) {
    const uint8_t *x0 = patch.x, *x1 = x0 + patch.stride, *x2 = x1 + patch.stride, *x3 = x2 + patch.stride;
    const real *other_w = w + w_stride;
    real *q = p + p_stride;
    real p0 = p[0], p1 = p[1], p2 = p[2], p3 = p[3], q0 = q[0], q1 = q[1], q2 = q[2], q3 = q[3];
    for (const uint8_t *end = x0 + patch.width; x0 < end;) {
        const real v = *w++, u = *other_w++;
        const real a = (real)*x0++, b = (real)*x1++, c = (real)*x2++, d = (real)*x3++;
        p0 += v * a, q0 += u * a;
        p1 += v * b, q1 += u * b;
        p2 += v * c, q2 += u * c;
        p3 += v * d, q3 += u * d;
    }
    p[0] = p0, p[1] = p1, p[2] = p2, p[3] = p3;
    q[0] = q0, q[1] = q1, q[2] = q2, q[3] = q3;
}

static void project(nnk_real *p_, size_t p_stride, const nnk_real *w_, size_t w_stride, size_t units,
                    nnk_patch patch) {
    real *p = (real *)p_;
    const real *w = (const real *)w_;
    for (; NNK_FAST && units >= PROJECT_UNITS; units -= PROJECT_UNITS) {
        nnk_patch rest = patch;
        real *to = p;
        for (; rest.examples >= PROJECT_IMAGES; rest.examples -= PROJECT_IMAGES) {
            project_tile(to, p_stride, w, w_stride, rest);
            to += PROJECT_IMAGES;
            rest.x += PROJECT_IMAGES * rest.stride;
        }
        project_part(to, p_stride, w, w_stride, PROJECT_UNITS, rest);
        p += PROJECT_UNITS * p_stride;
        w += PROJECT_UNITS * w_stride;
    }
    project_part(p, p_stride, w, w_stride, units, patch);
}

static void project_end(nnk_real *p_, size_t count) {
    real *p = (real *)p_;
    for (size_t j = 0; j < count; j++) p[j] *= BYTE_SCALE;
}

static void dual_logits(nnk_real *a_, const nnk_real *p_, const nnk_real *b_, bool with_relu, nnk_shape s) {
    real *a = (real *)a_;
    const real *p = (const real *)p_, *b = (const real *)b_;
    for (const real *end = b + s.outputs; b < end; a += s.stride, p += s.stride) {
        const real bias = *b++;
        for (size_t j = 0; j < s.examples; j++) {
            const real z = p[j] + bias;
            a[j] = with_relu && z <= 0 ? 0 : z;
        }
    }
}

static void dual_collect(nnk_real *d_, nnk_real *dz_, double scale_, size_t count) {
    real *d = (real *)d_, *dz = (real *)dz_, scale = (real)scale_;
    for (size_t i = 0; i < count; i++) {
        d[i] += dz[i];
        dz[i] *= scale;
    }
}

#if NNK_FAST
#if defined(__ARM_FEATURE_UNALIGNED) || defined(__x86_64__) || defined(__aarch64__)
#define READS_WORDS (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)
#else
#define READS_WORDS 0
#endif

/// gram_unpack where three bytes behind the element's first one may be read too.
static inline real gram_unpack_word(const uint8_t *packed) {
    uint32_t g;
    if (!READS_WORDS) return gram_unpack(packed);
    __builtin_memcpy(&g, packed, sizeof g); // with -ffreestanding, memcpy would be a call
    return (real)(int32_t)(PACKED_BYTES == 3 ? g & 0xffffff : g);
}

/// Elements of G: the first of them, the step in bytes to the next, and how much each step is longer than the
/// one before: none along a row of the triangle, and down a column an element.
typedef struct walk {
    const uint8_t *at;
    size_t step, growth;
} walk;

/// G[j][k], G[j + 1][k], ... for j < k, which lie in row k.
static walk along_row(const uint8_t *gram, size_t k, size_t j) {
    return (walk){gram + (k * (k + 1) / 2 + j) * PACKED_BYTES, PACKED_BYTES, 0};
}

/// The same for j >= k: down column k.
static walk down_column(const uint8_t *gram, size_t k, size_t j) {
    return (walk){gram + (j * (j + 1) / 2 + k) * PACKED_BYTES, (j + 1) * PACKED_BYTES, PACKED_BYTES};
}

/// p += e times the elements of the walk, for p up to `end`.
static void add_terms(real *p, const real *end, real e, walk g) {
    for (; p < end; p++, g.at += g.step, g.step += g.growth) *p += e * gram_unpack_word(g.at);
}

/// add_terms for four deltas, in this order. The walks lie at distances from the first that stay the same.
///   k (4): which deltas of e
static void add_four(real *p, const real *end, const real *e, const size_t *k, walk g, const size_t *from) {
    const real e0 = e[k[0]], e1 = e[k[1]], e2 = e[k[2]], e3 = e[k[3]];
    const size_t from1 = from[1], from2 = from[2], from3 = from[3];
    for (; p < end; p++, g.at += g.step, g.step += g.growth) {
        real sum = *p;
        sum += e0 * gram_unpack_word(g.at);
        sum += e1 * gram_unpack_word(g.at + from1);
        sum += e2 * gram_unpack_word(g.at + from2);
        sum += e3 * gram_unpack_word(g.at + from3);
        *p = sum;
    }
}

/// p (count) += e[k] times column k of G, of which a part from first to last is wanted, first <= k.
static void add_column(real *p, const real *e, const uint8_t *gram, size_t k, size_t first, size_t last) {
    const size_t diagonal = k < last ? k : last;
    add_terms(p + first, p + diagonal, e[k], along_row(gram, k, first));
    add_terms(p + diagonal, p + last, e[k], down_column(gram, k, diagonal));
}

/// p (count) += the terms of four deltas, k ascending. All four walks go along rows up to k[0] and down
/// columns from k[3] on; in between, each delta goes alone.
static void add_columns(real *p, const real *e, const uint8_t *gram, const size_t *k, size_t count) {
    const walk rows = along_row(gram, k[0], 0);
    size_t from[4];
    for (size_t n = 1; n < 4; n++) from[n] = (size_t)(along_row(gram, k[n], 0).at - rows.at);
    add_four(p, p + k[0], e, k, rows, from);
    const size_t last = k[3] < count ? k[3] : count;
    for (size_t n = 0; n < 4; n++) add_column(p, e, gram, k[n], k[0], last);
    for (size_t n = 1; n < 4; n++) from[n] = (k[n] - k[0]) * PACKED_BYTES;
    add_four(p + last, p + count, e, k, down_column(gram, k[0], last), from);
}

/// The deltas that are not zero are taken four at a time, so that each sum is loaded and stored once for four
/// terms. The last sum goes alone: its last element is the end of the triangle, behind which nothing may be
/// read.
static void dual_update_packed(nnk_real *p_, const nnk_real *e_, const uint8_t *gram, size_t examples) {
    real *p = (real *)p_;
    const real *e = (const real *)e_;
    const size_t last = examples - 1;
    size_t k[4], found = 0;
    if (examples == 0) return;
    const uint8_t *row = along_row(gram, last, 0).at;
    for (size_t n = 0; n < examples; n++) {
        if (e[n] == 0) continue;
        p[last] += e[n] * gram_unpack(row + n * PACKED_BYTES);
        k[found++] = n;
        if (found < 4) continue;
        add_columns(p, e, gram, k, last);
        found = 0;
    }
    for (size_t n = 0; n < found; n++) add_column(p, e, gram, k[n], 0, last);
}
#undef READS_WORDS
#else
/// Element (k, j) follows (k, j - 1) in row k up to the diagonal, and from there lies j elements behind it.
static void dual_update_packed(nnk_real *p_, const nnk_real *e_, const uint8_t *gram, size_t examples) {
    real *p = (real *)p_;
    const real *e = (const real *)e_;
    for (size_t k = 0; k < examples; gram += ++k * PACKED_BYTES) { // row k begins
        const uint8_t *at = gram;
        const real delta = e[k];
        if (delta == 0) continue;
        for (size_t j = 0; j < examples; j++) {
            p[j] += delta * gram_unpack(at);
            at += (j < k ? 1 : j + 1) * PACKED_BYTES;
        }
    }
}
#endif

#if !defined(NNK_REGISTER_BYTES)
static void dual_update(nnk_real *p_, nnk_real *d_, const nnk_real *dz_, double scale_, const nnk_real *gram_,
                        size_t column, size_t columns, nnk_shape s, uint8_t *scratch) {
    const real *gram = (const real *)gram_, scale = (real)scale_;
    (void)scratch;
    for (size_t i = 0; i < s.outputs; i++) {
        real *p = (real *)p_ + i * s.stride, *d = (real *)d_ + i * s.stride;
        const real *dz = (const real *)dz_ + i * s.stride;
        for (size_t j = column; j < column + columns; j++) d[j] += dz[j];
        for (size_t k = 0; k < s.examples; k++) {
            const real delta = dz[k] * scale;
            if (delta == 0) continue;
            for (size_t j = column; j < column + columns; j++)
                p[j] += delta * gram[gram_index(k, j, s.examples)];
        }
    }
}
#endif
