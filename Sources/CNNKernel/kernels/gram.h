/// Sums for the Gram matrix: products of bytes, whole numbers, exact in any order. A tile of GRAM_ROWS x
/// GRAM_COLUMNS sums stays in registers, so that each byte is loaded for several pairs of images.
///
/// Part of kernels/arithmetic.h. On x86 the tile is gram_vector.h's.

#if NNK_FAST && defined(__ARM_FEATURE_SIMD32) && defined(__ARM_FEATURE_UNALIGNED)
enum { GRAM_WIDTH = 4 }; ///< bytes of an image that are multiplied at a time

/// Four bytes as pairs of 16-bit numbers: the bytes 0 and 2, and 1 and 3.
typedef struct gram_bytes {
    uint32_t even, odd;
} gram_bytes;

static inline gram_bytes gram_load(const uint8_t *bytes) {
    gram_bytes pairs;
    uint32_t word;
    __builtin_memcpy(&word, bytes, sizeof word); // with -ffreestanding, memcpy would be a call
    pairs.even = word & 0x00ff00ff;
    __asm__("uxtb16 %0, %1, ror #8" : "=r"(pairs.odd) : "r"(word)); // compilers take two instructions
    return pairs;
}

static inline uint32_t gram_add(uint32_t sum, gram_bytes x, gram_bytes y) {
    return (uint32_t)__smlad((int32_t)x.odd, (int32_t)y.odd,
                             __smlad((int32_t)x.even, (int32_t)y.even, (int32_t)sum));
}
#elif !defined(NNK_PRODUCT_BYTES)
enum { GRAM_WIDTH = 1 };
typedef uint32_t gram_bytes;

static inline gram_bytes gram_load(const uint8_t *bytes) { return *bytes; }
static inline uint32_t gram_add(uint32_t sum, gram_bytes x, gram_bytes y) { return sum + x * y; }
#endif

/// Returns x . y over `width` bytes.
static uint32_t gram_dot(const uint8_t *x, const uint8_t *y, size_t width) {
    uint32_t dot = 0;
    size_t k = 0;
#if !defined(NNK_PRODUCT_BYTES)
    for (; k + GRAM_WIDTH <= width; k += GRAM_WIDTH) dot = gram_add(dot, gram_load(x + k), gram_load(y + k));
#endif
    for (; k < width; k++) dot += (uint32_t)x[k] * y[k];
    return dot;
}

#if !NNK_FAST && !defined(NNK_PRODUCT_BYTES)
static void gram_products(uint32_t *sum, size_t stride, nnk_patch x, nnk_patch y) {
    for (const uint8_t *a = x.x; x.examples > 0; x.examples--, a += x.stride, sum += stride) {
        const uint8_t *b = y.x;
        for (size_t c = 0; c < y.examples; c++, b += y.stride) sum[c] += gram_dot(a, b, x.width);
    }
}
#else
/// sum[r][c] += x_r . y_c for r from i to i + rows and c from j to j + columns, as far as there are images.
static void gram_part(uint32_t *sum, size_t stride, nnk_patch x, nnk_patch y, size_t i, size_t rows, size_t j,
                      size_t columns) {
    for (size_t r = i; r < i + rows && r < x.examples; r++)
        for (size_t c = j; c < j + columns && c < y.examples; c++) {
            const uint8_t *a = x.x + r * x.stride, *b = y.x + c * y.stride;
            sum[r * stride + c] += gram_dot(a, b, x.width);
        }
}

#if !defined(NNK_PRODUCT_BYTES)
enum { GRAM_ROWS = 2, GRAM_COLUMNS = 2 };
/// sum[i][j] += x_i . y_j over `width` bytes, a multiple of GRAM_WIDTH, for GRAM_ROWS x GRAM_COLUMNS pairs.
static void gram_group(uint32_t *sum, size_t stride, const uint8_t *x, size_t x_stride, const uint8_t *y,
                       size_t y_stride, size_t width) {
    const uint8_t *other_x = x + x_stride, *other_y = y + y_stride;
    uint32_t s00 = 0, s01 = 0, s10 = 0, s11 = 0;
    for (const uint8_t *end = x + width; x < end;) {
        const gram_bytes a = gram_load(x), b = gram_load(other_x);
        gram_bytes c = gram_load(y);
        s00 = gram_add(s00, a, c);
        s10 = gram_add(s10, b, c);
        c = gram_load(other_y);
        s01 = gram_add(s01, a, c);
        s11 = gram_add(s11, b, c);
        x += GRAM_WIDTH, other_x += GRAM_WIDTH, y += GRAM_WIDTH, other_y += GRAM_WIDTH;
    }
    sum[0] += s00;
    sum[1] += s01;
    sum[stride] += s10;
    sum[stride + 1] += s11;
}
#endif

static void gram_products(uint32_t *sum, size_t stride, nnk_patch x, nnk_patch y) {
    const size_t whole = x.width / GRAM_WIDTH * GRAM_WIDTH;
    const bool is_same = x.x == y.x; // then what is above the diagonal is not wanted
    nnk_patch x_rest = x, y_rest = y;
    x_rest.x += whole;
    y_rest.x += whole;
    x_rest.width = x.width - whole;
    for (size_t i = 0; i < x.examples; i += GRAM_ROWS)
        for (size_t j = 0; j < y.examples && (!is_same || j < i + GRAM_ROWS); j += GRAM_COLUMNS) {
            if (i + GRAM_ROWS > x.examples || j + GRAM_COLUMNS > y.examples) {
                gram_part(sum, stride, x, y, i, GRAM_ROWS, j, GRAM_COLUMNS);
                continue;
            }
            gram_group(sum + i * stride + j, stride, x.x + i * x.stride, x.stride, y.x + j * y.stride,
                       y.stride, whole);
            gram_part(sum, stride, x_rest, y_rest, i, GRAM_ROWS, j, GRAM_COLUMNS);
        }
}
#endif
