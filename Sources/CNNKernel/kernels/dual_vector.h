/// dual.h's update of P on vectors: the same sums in the same order, many of them at a time.
///
/// Part of kernels/arithmetic.h.
///
/// Each unit has zeros of its own, and so its own list of the examples whose delta is not zero. That takes
/// less than two thirds of the products of one list for all units. LISTED examples are taken at a time: their
/// rows of a tile of G, UPDATE_PARTS wide, stay in the first-level cache while all units pass over them. Four
/// sums of a register each are as many as a processor can have in flight, two or three additions deep.
enum { LISTED = 7 * NNK_LANES, UPDATE_PARTS = 4 };

/// One unit's deltas that are not zero, times scale; row: where their rows of G begin in a block of columns.
/// Both have room for the NNK_LANES entries that may be written behind the last one.
typedef struct delta_list {
    real scaled[LISTED + NNK_LANES];
    uint32_t row[LISTED + NNK_LANES];
    size_t count;
} delta_list;

_Static_assert(sizeof(delta_list) <= NNK_LIST_BYTES(sizeof(real)), "the caller's scratch has room for it");

#if NNK_REGISTER_BYTES == 64
/// Returns the mask. gcc 12 may store a mask's 8 or 16 bits to the stack and load 32, unless they must be in
/// a register.
INLINE uint32_t bits_of(uint32_t mask) {
    __asm__("" : "+r"(mask));
    return mask;
}
#endif

/// Writes the non-zero deltas of the next 16, times scale, to values. Up to 16 places are overwritten.
/// Returns a mask of these deltas, the first in the lowest bit.
INLINE uint32_t list_values(real *values, const real *dz, real scale) {
#if NNK_REGISTER_BYTES == 64
    if (sizeof(real) == 4) {
        const __m512 x = _mm512_loadu_ps(dz), products = _mm512_mul_ps(x, _mm512_set1_ps((float)scale));
        const uint32_t on = bits_of(_mm512_cmp_ps_mask(x, _mm512_setzero_ps(), _CMP_NEQ_UQ));
        _mm512_storeu_ps(values, _mm512_maskz_compress_ps((__mmask16)on, products));
        return on;
    }
    const __m512d x = _mm512_loadu_pd(dz), y = _mm512_loadu_pd(dz + 8), by = _mm512_set1_pd((double)scale);
    const uint32_t in_x = bits_of(_mm512_cmp_pd_mask(x, _mm512_setzero_pd(), _CMP_NEQ_UQ));
    const uint32_t in_y = bits_of(_mm512_cmp_pd_mask(y, _mm512_setzero_pd(), _CMP_NEQ_UQ));
    _mm512_storeu_pd(values, _mm512_maskz_compress_pd((__mmask8)in_x, _mm512_mul_pd(x, by)));
    _mm512_storeu_pd(values + __builtin_popcount(in_x),
                     _mm512_maskz_compress_pd((__mmask8)in_y, _mm512_mul_pd(y, by)));
    return in_x | in_y << 8;
#else
    uint32_t on = 0;
    for (uint32_t lane = 0; lane < NNK_LANES; lane++) {
        *values = dz[lane] * scale;
        values += dz[lane] != 0;
        on |= (uint32_t)(dz[lane] != 0) << lane;
    }
    return on;
#endif
}

/// Writes where the rows of G of the examples in the mask begin; `first` is the example in its lowest bit. Up
/// to 16 places are overwritten.
INLINE void list_rows(uint32_t *rows, uint32_t on, uint32_t first) {
#if NNK_REGISTER_BYTES == 64
    const __m512i numbers =
        _mm512_setr_epi32(0, 16, 32, 48, 64, 80, 96, 112, 128, 144, 160, 176, 192, 208, 224, 240);
    const __m512i all = _mm512_add_epi32(numbers, _mm512_set1_epi32((int32_t)(first * NNK_LANES)));
    _mm512_storeu_si512(rows, _mm512_maskz_compress_epi32((__mmask16)on, all));
#else
    for (uint32_t lane = 0; lane < NNK_LANES; lane++) {
        *rows = (first + lane) * NNK_LANES;
        rows += on >> lane & 1;
    }
#endif
}

INLINE size_t count_bits(uint32_t mask) {
#if NNK_REGISTER_BYTES >= 32
    return (size_t)__builtin_popcount(mask);
#else // compilers might call a function
    mask -= mask >> 1 & 0x5555;
    mask = (mask & 0x3333) + (mask >> 2 & 0x3333);
    mask = (mask + (mask >> 4)) & 0x0f0f;
    return (mask + (mask >> 8)) & 0xff;
#endif
}

/// list = the non-zero deltas of examples first ... last - 1, whole blocks of 16, of one unit's row of dZ.
static void list_deltas(delta_list *list, const real *dz, real scale, size_t first, size_t last) {
    size_t count = 0;
    for (size_t k = first; k < last; k += NNK_LANES) {
        const uint32_t on = list_values(list->scaled + count, dz + k, scale);
        list_rows(list->row + count, on, (uint32_t)k);
        count += count_bits(on);
    }
    list->count = count;
}

/// p (columns of PARTs, from `column` on) += a unit's listed deltas times their rows of G, for a known number
/// of parts.
INLINE void update_tile(const size_t parts, real *p, const real *scaled, const uint32_t *row, size_t count,
                        const real *gram, size_t column, size_t examples) {
    part s[UPDATE_PARTS];
    const real *block[UPDATE_PARTS];
    UNROLLED for (size_t c = 0; c < parts; c++) {
        const size_t j = column + c * PART;
        s[c] = *(const part *)(p + c * PART);
        block[c] = gram + gram_index(0, j, examples);
    }
    for (size_t n = 0; n < count; n++) {
        const real delta = scaled[n];
        UNROLLED for (size_t c = 0; c < parts; c++) s[c] += delta * *(const part *)(block[c] + row[n]);
    }
    UNROLLED for (size_t c = 0; c < parts; c++) * (part *)(p + c * PART) = s[c];
}

/// update_tile for each unit's row of p.
INLINE void update_tiles(const size_t parts, real *p, const delta_list *lists, const real *gram,
                         size_t column, nnk_shape s) {
    for (size_t i = 0; i < s.outputs; i++)
        update_tile(parts, p + i * s.stride + column, lists[i].scaled, lists[i].row, lists[i].count, gram,
                    column, s.examples);
}

static void dual_update_vector(nnk_real *p_, nnk_real *d_, const nnk_real *dz_, double scale,
                               const nnk_real *gram_, size_t column, size_t columns, nnk_shape s,
                               uint8_t *scratch) {
    real *p = (real *)p_, *d = (real *)d_;
    const real *dz = (const real *)dz_, *gram = (const real *)gram_;
    delta_list *lists = (delta_list *)(void *)scratch;
    for (size_t i = 0; i < s.outputs; i++)
        for (size_t j = column; j < column + columns; j += NNK_LANES)
            *(lanes *)(d + i * s.stride + j) += *(const lanes *)(dz + i * s.stride + j);
    for (size_t k = 0; k < s.stride; k += LISTED) {
        const size_t last = k + LISTED < s.stride ? k + LISTED : s.stride;
        for (size_t i = 0; i < s.outputs; i++)
            list_deltas(&lists[i], dz + i * s.stride, (real)scale, k, last);
#define BODY(parts, c) update_tiles(parts, p, lists, gram, column + (c)*PART, s)
        IN_GROUPS(UPDATE_PARTS, columns / PART, BODY);
#undef BODY
    }
}
