#include "vector_arithmetic.h"

#if NNK_X86
#include "kernels/target_avx2.h"

#include "kernels/real_f32.h"

#include "kernels/inference_i8.h"

/// Four units at a time. One instruction adds the products of two neighbours, 16-bit numbers, into a 32-bit
/// sum, and each pixel is widened once for all four units.
static void accumulate_vector(nnk_real *sum_, const nnk_parameters *w_, size_t inputs, size_t units,
                              const uint8_t *x, size_t count) {
    int32_t *sum = (int32_t *)sum_;
    const int8_t *w = (const int8_t *)w_;
    const size_t whole = count / 16 * 16;
    size_t i = 0;
    for (; i + 4 <= units; i += 4, w += 4 * inputs) {
        __m256i a = _mm256_setzero_si256(), b = a, c = a, d = a;
        for (size_t k = 0; k < whole; k += 16) {
            const __m256i pixels =
                _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)(const void *)(x + k)));
#define PRODUCTS(unit)                                                                                       \
    _mm256_madd_epi16(pixels, _mm256_cvtepi8_epi16(                                                          \
                                  _mm_loadu_si128((const __m128i *)(const void *)(w + (unit)*inputs + k))))
            a = _mm256_add_epi32(a, PRODUCTS(0));
            b = _mm256_add_epi32(b, PRODUCTS(1));
            c = _mm256_add_epi32(c, PRODUCTS(2));
            d = _mm256_add_epi32(d, PRODUCTS(3));
#undef PRODUCTS
        }
        // Each half of the register holds partial sums of a, b, c and d, in this order.
        const __m256i abcd = _mm256_hadd_epi32(_mm256_hadd_epi32(a, b), _mm256_hadd_epi32(c, d));
        const __m128i sums = _mm_add_epi32(_mm256_castsi256_si128(abcd), _mm256_extracti128_si256(abcd, 1));
        __m128i *four = (__m128i *)(void *)(sum + i);
        _mm_storeu_si128(four, _mm_add_epi32(_mm_loadu_si128(four), sums));
    }
    accumulate((nnk_real *)(sum + i), (const nnk_parameters *)w, inputs, units - i, x, whole);
    w = (const int8_t *)w_ + whole;
    accumulate(sum_, (const nnk_parameters *)w, inputs, units, x + whole, count - whole);
}

const nnk_inference nnk_i8_avx2_inference = NNK_CONTRAST_INFERENCE(accumulate_vector);

#include "kernels/end.h"
#endif
