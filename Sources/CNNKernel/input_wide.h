/// input.h's two products on vectors: the same sums in the same order, 16 of them at a time.
///
/// Part of the vector arithmetics: included before input.h.

static void fill_tile(real *restrict tile, nnk_patch p);

/// v[j] byte k becomes v[k] byte j: four times, the rows of both halves are interleaved.
INLINE void transpose_bytes(byte_lanes v[NNK_LANES]) {
    byte_lanes t[NNK_LANES];
    UNROLLED for (int32_t turn = 0; turn < 4; turn++) {
        UNROLLED for (size_t i = 0; i < NNK_LANES / 2; i++) {
            const byte_lanes a = v[i], b = v[i + NNK_LANES / 2];
            t[2 * i] = __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
            t[2 * i + 1] =
                __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
        }
        UNROLLED for (size_t i = 0; i < NNK_LANES; i++) v[i] = t[i];
    }
}

/// fill_tile of input.h, 16 bytes of 16 images at a time.
static void fill_tile_wide(real *restrict tile, nnk_patch p) {
    size_t k = 0;
    for (; k + NNK_LANES <= p.width; k += NNK_LANES) {
        byte_lanes v[NNK_LANES];
        for (size_t j = 0; j < NNK_LANES; j++)
            v[j] = j < p.examples ? *(const byte_lanes *)(p.x + j * p.stride + k) : (byte_lanes){0};
        transpose_bytes(v);
        for (size_t n = 0; n < NNK_LANES; n++)
            *(lanes *)(tile + (k + n) * NNK_LANES) = __builtin_convertvector(v[n], lanes);
    }
    nnk_patch rest = p;
    rest.x += k;
    rest.width -= k;
    fill_tile(tile + k * NNK_LANES, rest);
}

/// sum (units, 16) += w (units rows of `width`) tile (width, 16), for a known `units`. Rows of W1 lie a
/// multiple of 4096 bytes apart, so they compete for the same few places of the cache: a group is no larger
/// than these.
INLINE void forward_units(const size_t units, real *sum, const real *w, size_t inputs, size_t width,
                          const real *tile) {
    lanes s[NNK_FORWARD_UNITS];
    UNROLLED for (size_t i = 0; i < units; i++) s[i] = *(const lanes *)(sum + i * NNK_LANES);
    for (size_t k = 0; k < width; k++) {
        const lanes x = *(const lanes *)(tile + k * NNK_LANES);
        UNROLLED for (size_t i = 0; i < units; i++) s[i] += w[i * inputs + k] * x;
    }
    UNROLLED for (size_t i = 0; i < units; i++) * (lanes *)(sum + i * NNK_LANES) = s[i];
}

static void input_forward_wide(void *sum_, const void *w_, size_t inputs, size_t units, nnk_patch p,
                               void *tile_) {
    const real *w = w_;
    real *sum = sum_, *tile = tile_;
    fill_tile_wide(tile, p);
#define BODY(n, i) forward_units(n, sum + (i)*NNK_LANES, w + (i)*inputs, inputs, p.width, tile)
    IN_GROUPS(NNK_FORWARD_UNITS, units, BODY);
#undef BODY
}

enum { LISTED_AT_ONCE = 256 };

/// The examples in which any unit's delta is not zero, of up to LISTED_AT_ONCE; the others add nothing.
static size_t list_active(uint16_t list[LISTED_AT_ONCE], const real *dz, size_t stride, size_t units,
                          size_t examples) {
    size_t count = 0, j = 0;
    for (; j + NNK_LANES <= examples; j += NNK_LANES) {
        lanes_int any = {0};
        for (size_t i = 0; i < units; i++) any |= *(const lanes *)(dz + i * stride + j) != 0;
        for (size_t n = 0; n < NNK_LANES; n++)
            if (any[n]) list[count++] = (uint16_t)(j + n);
    }
    for (; j < examples; j++) list[count++] = (uint16_t)j;
    return count;
}

/// g (units, PART of NNK_PATCH) += dz (units, listed examples) x (these, PART bytes), for a known `units`.
INLINE void gradient_units(const size_t units, real *g, const real *dz, size_t stride, nnk_patch p,
                           const uint16_t *list, size_t count) {
    part s[NNK_PART_UNITS];
    UNROLLED for (size_t i = 0; i < units; i++) s[i] = *(const part *)(g + i * NNK_PATCH);
    for (size_t n = 0; n < count; n++) {
        const size_t j = list[n];
        const part x = __builtin_convertvector(*(const byte_part *)(p.x + j * p.stride), part);
        UNROLLED for (size_t i = 0; i < units; i++) s[i] += dz[i * stride + j] * x;
    }
    UNROLLED for (size_t i = 0; i < units; i++) * (part *)(g + i * NNK_PATCH) = s[i];
}

/// The bytes beyond the last whole PART of a patch.
static void gradient_rest(real *g, const real *dz, size_t stride, size_t units, nnk_patch p) {
    for (size_t i = 0; i < units; i++)
        for (size_t j = 0; j < p.examples; j++)
            for (size_t k = p.width / PART * PART; k < p.width; k++)
                g[i * NNK_PATCH + k] += dz[i * stride + j] * (real)p.x[j * p.stride + k];
}

static void input_gradient_wide(void *g_, const void *dz_, size_t stride, size_t units, nnk_patch p) {
    real *g = g_;
    gradient_rest(g, dz_, stride, units, p);
    for (size_t start = 0; start < p.examples; start += LISTED_AT_ONCE) {
        uint16_t list[LISTED_AT_ONCE];
        const real *dz = (const real *)dz_ + start;
        const size_t left = p.examples - start;
        const size_t count =
            list_active(list, dz, stride, units, left < LISTED_AT_ONCE ? left : LISTED_AT_ONCE);
        nnk_patch column = p;
        for (size_t k = 0; k + PART <= p.width; k += PART) {
            column.x = p.x + start * p.stride + k;
#define BODY(n, i) gradient_units(n, g + (i)*NNK_PATCH + k, dz + (i)*stride, stride, column, list, count)
            IN_GROUPS(NNK_PART_UNITS, units, BODY);
#undef BODY
        }
    }
}
