/// The kernels of pair.h: dense_wide.h's and dual_wide.h's for eight lanes of the 16.
///
/// Part of the vector arithmetics: included after dual_wide.h.
#include "pair.h"

/// A register's lanes, or eight where it has more.
enum { HALF_PART = sizeof(real) * NNK_HALF < NNK_REGISTER_BYTES ? (int)NNK_HALF : (int)PART };
typedef real half_lanes
    __attribute__((vector_size(NNK_HALF * sizeof(real)), aligned(sizeof(real)), may_alias));
typedef real half_part
    __attribute__((vector_size(HALF_PART * sizeof(real)), aligned(sizeof(real)), may_alias));

/// sums_of_vectors of half as many lanes: sum n ends in v[n / 8][n % 8].
INLINE void sums_of_halves(half_lanes *v, size_t count) {
    size_t vectors = count;
    UNROLLED for (int32_t turn = 0; turn < 3; turn++) {
        if (vectors % 2 != 0) v[vectors] = (half_lanes){0};
        vectors = (vectors + 1) / 2;
        for (size_t n = 0; n < vectors; n++)
            v[n] = __builtin_shufflevector(v[2 * n], v[2 * n + 1], 0, 2, 4, 6, 8, 10, 12, 14) +
                   __builtin_shufflevector(v[2 * n], v[2 * n + 1], 1, 3, 5, 7, 9, 11, 13, 15);
    }
}

/// dot_tile in eight lanes.
INLINE void dot_half_tile(const size_t rows, const size_t units, real *dot, const real *a, const real *dz,
                          nnk_shape s) {
    half_lanes in_lanes[NNK_TILE_ROWS * NNK_TILE_COLUMNS + 1];
    for (size_t l = 0; l < NNK_HALF; l += HALF_PART) {
        half_part sum[NNK_TILE_ROWS * NNK_TILE_COLUMNS];
        UNROLLED for (size_t n = 0; n < rows * units; n++) sum[n] = (half_part){0};
        for (size_t j = l; j < s.examples; j += NNK_HALF) {
            half_part x[NNK_TILE_ROWS];
            UNROLLED for (size_t r = 0; r < rows; r++) x[r] = *(const half_part *)(a + r * s.stride + j);
            UNROLLED for (size_t u = 0; u < units; u++) {
                const half_part d = *(const half_part *)(dz + u * s.stride + j);
                UNROLLED for (size_t r = 0; r < rows; r++) sum[u * rows + r] += d * x[r];
            }
        }
        UNROLLED for (size_t n = 0; n < rows * units; n++) * (half_part *)((real *)&in_lanes[n] + l) = sum[n];
    }
    sums_of_halves(in_lanes, rows * units);
    memcpy(dot, in_lanes, rows * units * sizeof(real));
}

/// pair_step for a few units of the layer below.
INLINE void pair_step_rows(const size_t rows, real *a, real *sums, const real *w, const real *dz,
                           nnk_shape s) {
    real dot[NNK_TILE_ROWS * NNK_MAX_UNITS];
#define BODY(units, u) dot_half_tile(rows, units, dot + (u)*rows, a, dz + (u)*s.stride, s)
    IN_GROUPS(NNK_TILE_COLUMNS, s.outputs, BODY);
#undef BODY
#define BODY(columns, c) backward_tile(rows, columns, a + (c)*PART, w, dz + (c)*PART, s)
    IN_GROUPS(NNK_TILE_COLUMNS, s.examples / PART, BODY);
#undef BODY
    for (size_t u = 0; u < s.outputs; u++)
        UNROLLED for (size_t r = 0; r < rows; r++) sums[u * s.inputs + r] = dot[u * rows + r];
}

static void pair_step(void *a_, void *sums_, const void *w_, const void *dz, nnk_shape s) {
    real *a = a_, *sums = sums_;
    const real *w = w_;
#define BODY(rows, k) pair_step_rows(rows, a + (k)*s.stride, sums + (k), w + (k), dz, s)
    IN_GROUPS(NNK_TILE_ROWS, s.inputs, BODY);
#undef BODY
}

static void pair_bias_sums(void *sums, const void *dz_, nnk_shape s) {
    const real *dz = dz_;
    for (size_t i = 0; i < s.outputs; i += NNK_HALF) {
        const size_t some = s.outputs - i < NNK_HALF ? s.outputs - i : NNK_HALF;
        half_lanes sum[NNK_HALF];
        for (size_t n = 0; n < some; n++) {
            sum[n] = (half_lanes){0};
            for (size_t j = 0; j < s.examples; j += NNK_HALF)
                sum[n] += *(const half_lanes *)(dz + (i + n) * s.stride + j);
        }
        sums_of_halves(sum, some);
        memcpy((real *)sums + i, sum, some * sizeof(real));
    }
}

static void pair_descend(void *p_, const void *first_, const void *second_, double rate, size_t count) {
    real *p = p_, step = (real)rate;
    const real *first = first_, *second = second_;
    for (size_t i = 0; i < count; i++) p[i] -= step * (first[i] + second[i]);
}

static void pair_list(nnk_letter *letter, const void *dz_, double scale, nnk_shape s) {
    real *values = (real *)(void *)letter->values;
    uint16_t *masks = letter->masks;
    for (size_t i = 0; i < s.outputs; i++) {
        const real *dz = (const real *)dz_ + i * s.stride;
        for (size_t j = 0; j < s.examples; j += NNK_LANES) {
            const uint32_t on = list_values(values, dz + j, (real)scale);
            *masks++ = (uint16_t)on;
            values += count_bits(on);
        }
    }
    letter->count = (size_t)(values - (real *)(void *)letter->values);
}

/// The bytes that a letter is made of: sums, masks and values lie one behind the other.
INLINE size_t letter_bytes(const nnk_letter *letter) {
    return (size_t)(letter->values - letter->sums) + letter->count * sizeof(real);
}

static void pair_reserve(const nnk_letter *letter) {
    for (size_t i = 0; i < letter_bytes(letter); i += 64) __builtin_prefetch(letter->sums + i, 1);
}

static void pair_fetch(const nnk_letter *letter) {
    for (size_t i = 0; i < letter_bytes(letter); i += 64) __builtin_prefetch(letter->sums + i);
}

/// Groups of LISTED examples. Up to eight values are written behind the list's end, up to 16 rows.
static void merge(const nnk_delta_list *list, const nnk_letter *letter_0, const nnk_letter *letter_1,
                  size_t examples, nnk_shape s) {
    const real *x = (const real *)(const void *)letter_0->values,
               *y = (const real *)(const void *)letter_1->values;
    real *values = (real *)(void *)list->values;
    uint32_t *rows = list->rows, *ends = list->ends;
    const size_t vectors = s.examples / NNK_LANES;
    for (size_t i = 0; i < s.outputs; i++) {
        for (size_t k = 0; k < examples; k += NNK_LANES) {
            const size_t v = i * vectors + k / (2 * NNK_LANES), shift = k / NNK_LANES % 2 * NNK_HALF;
            const uint32_t in_x = letter_0->masks[v] >> shift & 0xff,
                           in_y = letter_1->masks[v] >> shift & 0xff;
            if (k > 0 && k % LISTED == 0) *ends++ = (uint32_t)(rows - list->rows);
            *(half_lanes *)values = *(const half_lanes *)x;
            values += count_bits(in_x);
            x += count_bits(in_x);
            *(half_lanes *)values = *(const half_lanes *)y;
            values += count_bits(in_y);
            y += count_bits(in_y);
            list_rows(rows, in_x | in_y << NNK_HALF, (uint32_t)k);
            rows += count_bits(in_x) + count_bits(in_y);
        }
        *ends++ = (uint32_t)(rows - list->rows);
    }
}

/// One group of examples.
INLINE void update_group(const size_t parts, real *p, const nnk_delta_list *list, size_t group, size_t groups,
                         const real *gram, size_t column, size_t examples, nnk_shape s) {
    for (size_t i = 0; i < s.outputs; i++) {
        const size_t n = i * groups + group, begin = n > 0 ? list->ends[n - 1] : 0;
        update_tile(parts, p + i * s.stride + column, (const real *)(const void *)list->values + begin,
                    list->rows + begin, list->ends[n] - begin, gram, column, examples);
    }
}

static void pair_update(void *p, void *d_, const void *dz_, const nnk_letter *letter_0,
                        const nnk_letter *letter_1, const nnk_delta_list *list, const void *gram,
                        size_t examples, nnk_shape s) {
    const size_t groups = (examples + LISTED - 1) / LISTED;
    for (size_t i = 0; i < s.outputs; i++)
        for (size_t j = i * s.stride; j < i * s.stride + s.examples; j += NNK_LANES)
            *(lanes *)((real *)d_ + j) += *(const lanes *)((const real *)dz_ + j);
    merge(list, letter_0, letter_1, examples, s);
    for (size_t group = 0; group < groups; group++) {
#define BODY(parts, c) update_group(parts, p, list, group, groups, gram, (c)*PART, examples, s)
        IN_GROUPS(UPDATE_PARTS, s.examples / PART, BODY);
#undef BODY
    }
}

static const nnk_pair_kernels pair_kernels = {pair_step,  pair_bias_sums, pair_list,  pair_reserve,
                                              pair_fetch, pair_descend,   pair_update};
