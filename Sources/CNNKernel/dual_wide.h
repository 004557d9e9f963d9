/// dual.h's update of the logits on vectors: the same sums in the same order, many of them at a time.
///
/// Part of the vector arithmetics: included before dual.h.
///
/// Each unit has zeros of its own, so each has its own list of examples: less than two thirds of the products
/// are left of those that examples with any delta at all would take. LISTED examples at a time: their rows of
/// a tile, UPDATE_PARTS wide, stay in the first cache while all units pass over them. That many sums are as
/// many as a processor can have in flight, two or three additions deep.
enum { LISTED = 7 * NNK_LANES, UPDATE_PARTS = 4 };

/// One unit's deltas that are not zero, times scale, and where their rows of G begin in a block of columns.
typedef struct delta_list {
    real scaled[LISTED + NNK_LANES];
    uint32_t row[LISTED + NNK_LANES];
    size_t count;
} delta_list;

#if NNK_REGISTER_BYTES == 64
/// gcc 12 may store a mask's own few bits to the stack and load 32, unless it must have them in a register.
INLINE uint32_t bits_of(uint32_t mask) {
    __asm__("" : "+r"(mask));
    return mask;
}
#endif

/// Adds the next 16 deltas, from example `first` on, to the list's arrays; writes up to 16 places. Returns
/// how many were not zero.
INLINE size_t list_lanes(real *scaled, uint32_t *row, const real *dz, real scale, uint32_t first) {
#if NNK_REGISTER_BYTES == 64
    const __m512i numbers =
        _mm512_setr_epi32(0, 16, 32, 48, 64, 80, 96, 112, 128, 144, 160, 176, 192, 208, 224, 240);
    uint32_t on;
    if (sizeof(real) == 4) {
        const __m512 x = _mm512_loadu_ps(dz);
        on = bits_of(_mm512_cmp_ps_mask(x, _mm512_setzero_ps(), _CMP_NEQ_UQ));
        const __m512 products = _mm512_mul_ps(x, _mm512_set1_ps((float)scale));
        _mm512_storeu_ps(scaled, _mm512_maskz_compress_ps((__mmask16)on, products));
    } else {
        const __m512d x = _mm512_loadu_pd(dz), y = _mm512_loadu_pd(dz + 8),
                      by = _mm512_set1_pd((double)scale);
        const uint32_t in_x = bits_of(_mm512_cmp_pd_mask(x, _mm512_setzero_pd(), _CMP_NEQ_UQ));
        const uint32_t in_y = bits_of(_mm512_cmp_pd_mask(y, _mm512_setzero_pd(), _CMP_NEQ_UQ));
        _mm512_storeu_pd(scaled, _mm512_maskz_compress_pd((__mmask8)in_x, _mm512_mul_pd(x, by)));
        _mm512_storeu_pd(scaled + __builtin_popcount(in_x),
                         _mm512_maskz_compress_pd((__mmask8)in_y, _mm512_mul_pd(y, by)));
        on = in_x | in_y << 8;
    }
    const __m512i rows = _mm512_add_epi32(numbers, _mm512_set1_epi32((int32_t)(first * NNK_LANES)));
    _mm512_storeu_si512(row, _mm512_maskz_compress_epi32((__mmask16)on, rows));
    return (size_t)__builtin_popcount(on);
#else
    size_t count = 0;
    for (uint32_t lane = 0; lane < NNK_LANES; lane++) {
        scaled[count] = dz[lane] * scale;
        row[count] = (first + lane) * NNK_LANES;
        count += dz[lane] != 0;
    }
    return count;
#endif
}

/// The list of examples first ... last - 1, whole blocks of 16, of one unit's row of dZ.
static void list_deltas(delta_list *list, const real *dz, real scale, size_t first, size_t last) {
    size_t count = 0;
    for (size_t k = first; k < last; k += NNK_LANES)
        count += list_lanes(list->scaled + count, list->row + count, dz + k, scale, (uint32_t)k);
    list->count = count;
}

/// p (parts) += a unit's deltas times their rows of G, columns `column` and on, for a known number of parts.
INLINE void update_tile(const size_t parts, real *p, const delta_list *list, const real *gram, size_t column,
                        size_t examples) {
    part s[UPDATE_PARTS];
    const real *block[UPDATE_PARTS];
    UNROLLED for (size_t c = 0; c < parts; c++) {
        const size_t j = column + c * PART;
        s[c] = *(const part *)(p + c * PART);
        block[c] = gram + j / NNK_LANES * examples * NNK_LANES + j % NNK_LANES;
    }
    for (size_t n = 0; n < list->count; n++) {
        const real delta = list->scaled[n];
        UNROLLED for (size_t c = 0; c < parts; c++) s[c] += delta * *(const part *)(block[c] + list->row[n]);
    }
    UNROLLED for (size_t c = 0; c < parts; c++) * (part *)(p + c * PART) = s[c];
}

INLINE void update_tiles(const size_t parts, real *p, const delta_list *lists, const real *gram,
                         size_t column, nnk_shape s) {
    for (size_t i = 0; i < s.outputs; i++)
        update_tile(parts, p + i * s.stride + column, &lists[i], gram, column, s.examples);
}

static void dual_update_wide(void *p_, void *d, const void *dz_, double scale, const void *gram,
                             size_t column, size_t columns, nnk_shape s, void *scratch) {
    const real *dz = dz_;
    delta_list *lists = scratch;
    for (size_t i = 0; i < s.outputs; i++)
        for (size_t j = column; j < column + columns; j += NNK_LANES)
            *(lanes *)((real *)d + i * s.stride + j) += *(const lanes *)(dz + i * s.stride + j);
    for (size_t k = 0; k < s.stride; k += LISTED) {
        const size_t last = k + LISTED < s.stride ? k + LISTED : s.stride;
        for (size_t i = 0; i < s.outputs; i++)
            list_deltas(&lists[i], dz + i * s.stride, (real)scale, k, last);
#define BODY(parts, c) update_tiles(parts, p_, lists, gram, column + (c)*PART, s)
        IN_GROUPS(UPDATE_PARTS, columns / PART, BODY);
#undef BODY
    }
}
