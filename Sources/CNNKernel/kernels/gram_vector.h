/// The tile of gram.h on x86: bytes are widened to 16 bits, and one instruction multiplies them and adds
/// neighbours into 32 bits.
///
/// Part of kernels/arithmetic.h, where NNK_PRODUCT_BYTES is 32 or 64.

#if NNK_PRODUCT_BYTES == 64
typedef __m512i gram_vector;
enum { GRAM_ROWS = 4, GRAM_COLUMNS = 4 };
#define gram_widen(bytes)   _mm512_cvtepu8_epi16(_mm256_loadu_si256((const __m256i *)(const void *)(bytes)))
#define gram_add(sum, x, y) _mm512_add_epi32(sum, _mm512_madd_epi16(x, y))
#define gram_zero()         _mm512_setzero_si512()
#else
typedef __m256i gram_vector;
enum { GRAM_ROWS = 4, GRAM_COLUMNS = 2 };
#define gram_widen(bytes)   _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)(const void *)(bytes)))
#define gram_add(sum, x, y) _mm256_add_epi32(sum, _mm256_madd_epi16(x, y))
#define gram_zero()         _mm256_setzero_si256()
#endif
/// Bytes and sums in a register.
enum { GRAM_WIDTH = NNK_PRODUCT_BYTES / 2, GRAM_SUMS = NNK_PRODUCT_BYTES / 4 };

/// sum[i][j] += x_i . y_j over `width` bytes, a multiple of GRAM_WIDTH, for GRAM_ROWS x GRAM_COLUMNS pairs.
static void gram_group(uint32_t *sum, size_t stride, const uint8_t *x, size_t x_stride, const uint8_t *y,
                       size_t y_stride, size_t width) {
    gram_vector s[GRAM_ROWS][GRAM_COLUMNS];
    UNROLLED for (size_t i = 0; i < GRAM_ROWS; i++) UNROLLED for (size_t j = 0; j < GRAM_COLUMNS; j++)
        s[i][j] = gram_zero();
    for (size_t k = 0; k < width; k += GRAM_WIDTH) {
        gram_vector b[GRAM_COLUMNS];
        UNROLLED for (size_t j = 0; j < GRAM_COLUMNS; j++) b[j] = gram_widen(y + j * y_stride + k);
        UNROLLED for (size_t i = 0; i < GRAM_ROWS; i++) {
            const gram_vector a = gram_widen(x + i * x_stride + k);
            UNROLLED for (size_t j = 0; j < GRAM_COLUMNS; j++) s[i][j] = gram_add(s[i][j], a, b[j]);
        }
    }
    UNROLLED for (size_t i = 0; i < GRAM_ROWS; i++) UNROLLED for (size_t j = 0; j < GRAM_COLUMNS; j++) {
        uint32_t sums[GRAM_SUMS];
        memcpy(sums, &s[i][j], sizeof sums);
        for (size_t n = 0; n < GRAM_SUMS; n++) sum[i * stride + j] += sums[n];
    }
}

#undef gram_zero
#undef gram_add
#undef gram_widen
