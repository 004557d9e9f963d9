/// Sums for the Gram matrix: products of bytes, whole numbers, exact in any order.
///
/// Part of kernels/arithmetic.h. gram_vector.h computes the same.

/// sum[r][c] += x_r . y_c for r from i to i + rows and c from j to j + columns, as far as there are images.
static void gram_part(uint32_t *sum, size_t stride, nnk_patch x, nnk_patch y, size_t i, size_t rows, size_t j,
                      size_t columns) {
    for (size_t r = i; r < i + rows && r < x.examples; r++)
        for (size_t c = j; c < j + columns && c < y.examples; c++) {
            const uint8_t *a = x.x + r * x.stride, *b = y.x + c * y.stride;
            uint32_t dot = 0;
            for (size_t k = 0; k < x.width; k++) dot += (uint32_t)a[k] * b[k];
            sum[r * stride + c] += dot;
        }
}

#if !defined(NNK_PRODUCT_BYTES)
static void gram_products(uint32_t *sum, size_t stride, nnk_patch x, nnk_patch y) {
    gram_part(sum, stride, x, y, 0, x.examples, 0, y.examples);
}
#endif
