/// input.h's two products on vectors: the same sums in the same order, many of them at a time.
///
/// Part of kernels/arithmetic.h.

/// A row of bytes, as four groups of 16.
typedef uint8_t byte_rows __attribute__((vector_size(4 * NNK_LANES), aligned(1), may_alias));

/// Transposes each group: byte k of v[j] becomes byte j of v[k]. Interleaving the rows of both halves does it
/// in four turns.
INLINE void transpose_groups(byte_rows v[NNK_LANES]) {
    byte_rows t[NNK_LANES];
#define GROUP(n, i)                                                                                          \
    (n) + (i), (n) + (i) + 64, (n) + (i) + 1, (n) + (i) + 65, (n) + (i) + 2, (n) + (i) + 66, (n) + (i) + 3,  \
        (n) + (i) + 67, (n) + (i) + 4, (n) + (i) + 68, (n) + (i) + 5, (n) + (i) + 69, (n) + (i) + 6,         \
        (n) + (i) + 70, (n) + (i) + 7, (n) + (i) + 71
#define INTERLEAVED(a, b, i)                                                                                 \
    __builtin_shufflevector(a, b, GROUP(0, i), GROUP(16, i), GROUP(32, i), GROUP(48, i))
    UNROLLED for (int32_t turn = 0; turn < 4; turn++) {
        UNROLLED for (size_t i = 0; i < NNK_LANES / 2; i++) {
            t[2 * i] = INTERLEAVED(v[i], v[i + NNK_LANES / 2], 0);
            t[2 * i + 1] = INTERLEAVED(v[i], v[i + NNK_LANES / 2], 8);
        }
        UNROLLED for (size_t i = 0; i < NNK_LANES; i++) v[i] = t[i];
    }
#undef INTERLEAVED
#undef GROUP
}

enum { GROUPED = sizeof(byte_rows) }; ///< bytes of an image that are transposed at a time

/// fill_tile of input.h, in bytes: tile (width, 16), byte k of image j at [k][j], or 0 if there is no image
/// j. In each whole GROUPED bytes the rows are in another order: byte 16 group + n is in row 4 n + group.
static void fill_byte_tile(uint8_t *tile, nnk_patch p) {
    size_t k = 0;
    for (; k + GROUPED <= p.width; k += GROUPED) {
        byte_rows v[NNK_LANES];
        for (size_t j = 0; j < NNK_LANES; j++)
            v[j] = j < p.examples ? *(const byte_rows *)(p.x + j * p.stride + k) : (byte_rows){0};
        transpose_groups(v);
        for (size_t n = 0; n < NNK_LANES; n++) *(byte_rows *)(tile + k * NNK_LANES + n * GROUPED) = v[n];
    }
    for (; k < p.width; k++)
        for (size_t j = 0; j < NNK_LANES; j++)
            tile[k * NNK_LANES + j] = j < p.examples ? p.x[j * p.stride + k] : 0;
}

/// s (units, PART) += w^T bytes for a known number of units.
///   w (count, all_units); bytes: `count` PARTs of them, `stride` bytes apart
INLINE void add_bytes(const size_t units, part *s, const real *w, size_t all_units, size_t count,
                      const uint8_t *bytes, size_t stride) {
    for (size_t k = 0; k < count; k++) {
        const part x = __builtin_convertvector(*(const byte_part *)(bytes + k * stride), part);
        UNROLLED for (size_t i = 0; i < units; i++) s[i] += w[k * all_units + i] * x;
    }
}

/// sum (units, PART of 16) += w^T tile for a known number of units.
///   w (width, all_units); tile (width, PART of 16)
INLINE void forward_units(const size_t units, real *sum, const real *w, size_t all_units, size_t width,
                          const uint8_t *tile) {
    part s[NNK_PART_UNITS];
    UNROLLED for (size_t i = 0; i < units; i++) s[i] = *(const part *)(sum + i * NNK_LANES);
    size_t k = 0;
    for (; k + GROUPED <= width; k += GROUPED)
        for (size_t group = 0; group < GROUPED; group += NNK_LANES)
            add_bytes(units, s, w + (k + group) * all_units, all_units, NNK_LANES,
                      tile + k * NNK_LANES + group, GROUPED);
    add_bytes(units, s, w + k * all_units, all_units, width - k, tile + k * NNK_LANES, NNK_LANES);
    UNROLLED for (size_t i = 0; i < units; i++) * (part *)(sum + i * NNK_LANES) = s[i];
}

static void input_forward_vector(nnk_real *sum_, const nnk_real *w_, size_t units, nnk_patch p,
                                 nnk_real *tile_) {
    const real *w = (const real *)w_;
    real *sum = (real *)sum_;
    uint8_t *tile = (uint8_t *)tile_;
    fill_byte_tile(tile, p);
    for (size_t l = 0; l < NNK_LANES; l += PART) {
#define BODY(n, i) forward_units(n, sum + (i)*NNK_LANES + l, w + (i), units, p.width, tile + l)
        IN_GROUPS(NNK_PART_UNITS, units, BODY);
#undef BODY
    }
}

enum { KEPT_UNITS = 40, KEPT_EXAMPLES = 32 }; ///< that input_gradient takes at a time

/// Copies of some examples for input_gradient: of each its units' deltas and its patch. In place, rows of
/// both may begin a multiple of 4096 bytes apart, and would drive each other out of the cache.
typedef struct kept_examples {
    real dz[KEPT_EXAMPLES * KEPT_UNITS];
    uint8_t x[KEPT_EXAMPLES * NNK_PATCH];
    size_t count;
} kept_examples;

/// memcpy. If the size is the usual one, which compilers know, a few instructions do it.
INLINE void copy(void *to, const void *from, size_t bytes, size_t usual_bytes) {
    if (bytes == usual_bytes)
        memcpy(to, from, usual_bytes);
    else
        memcpy(to, from, bytes);
}

/// Adds up to 16 examples to those kept, except those whose deltas are all zero: they contribute nothing.
static void keep_block(kept_examples *kept, const real *dz, size_t stride, size_t units, nnk_patch p) {
    real block[KEPT_UNITS * NNK_LANES];
    const size_t row = p.examples < NNK_LANES ? p.examples : NNK_LANES;
    for (size_t i = 0; i < units; i++)
        copy(block + i * NNK_LANES, dz + i * stride, row * sizeof(real), sizeof(lanes));
    for (size_t j = 0; j < row; j++) {
        real *to = kept->dz + kept->count * units;
        bool any = false;
        for (size_t i = 0; i < units; i++) {
            to[i] = block[i * NNK_LANES + j];
            any |= to[i] != 0;
        }
        if (any) copy(kept->x + kept->count++ * NNK_PATCH, p.x + j * p.stride, p.width, NNK_PATCH);
    }
}

/// g (units, PART of NNK_PATCH) += dz^T x for a known number of units.
///   dz (count, all_units); x (count, PART of NNK_PATCH): the kept examples
INLINE void gradient_units(const size_t units, real *g, const real *dz, size_t all_units, const uint8_t *x,
                           size_t count) {
    part s[NNK_PART_UNITS];
    UNROLLED for (size_t i = 0; i < units; i++) s[i] = *(const part *)(g + i * NNK_PATCH);
    for (size_t n = 0; n < count; n++) {
        const part pixels = __builtin_convertvector(*(const byte_part *)(x + n * NNK_PATCH), part);
        UNROLLED for (size_t i = 0; i < units; i++) s[i] += dz[n * all_units + i] * pixels;
    }
    UNROLLED for (size_t i = 0; i < units; i++) * (part *)(g + i * NNK_PATCH) = s[i];
}

/// g (units, width of NNK_PATCH) += what the kept examples contribute, for up to KEPT_UNITS units.
static void add_kept(real *g, const kept_examples *kept, size_t units, size_t width) {
    for (size_t k = 0; k + PART <= width; k += PART) {
#define BODY(n, i) gradient_units(n, g + (i)*NNK_PATCH + k, kept->dz + (i), units, kept->x + k, kept->count)
        IN_GROUPS(NNK_PART_UNITS, units, BODY);
#undef BODY
    }
    for (size_t i = 0; i < units; i++)
        for (size_t n = 0; n < kept->count; n++)
            for (size_t k = width / PART * PART; k < width; k++)
                g[i * NNK_PATCH + k] += kept->dz[n * units + i] * (real)kept->x[n * NNK_PATCH + k];
}

static void input_gradient_vector(nnk_real *g_, const nnk_real *dz_, size_t stride, size_t all_units,
                                  nnk_patch p) {
    kept_examples kept;
    for (size_t i = 0; i < all_units; i += KEPT_UNITS) {
        const size_t units = all_units - i < KEPT_UNITS ? all_units - i : KEPT_UNITS;
        real *g = (real *)g_ + i * NNK_PATCH;
        nnk_patch rest = p;
        kept.count = 0;
        for (size_t j = 0; j < p.examples; j += NNK_LANES) {
            rest.x = p.x + j * p.stride;
            rest.examples = p.examples - j;
            keep_block(&kept, (const real *)dz_ + i * stride + j, stride, units, rest);
            if (kept.count + NNK_LANES <= KEPT_EXAMPLES && j + NNK_LANES < p.examples) continue;
            add_kept(g, &kept, units, p.width);
            kept.count = 0;
        }
    }
}
