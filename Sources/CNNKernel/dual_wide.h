/// dual.h's update of the logits on vectors: the same sums in the same order, 16 of them at a time.
///
/// Part of the vector arithmetics: included before dual.h, with NNK_GRADIENT_UNITS as for input_wide.h.

static size_t gather_columns(uint32_t *list, real *kept, const real *e, size_t units, size_t examples,
                             size_t stride);

/// p (units, 16 of stride) += kept (count, all_units) gram (rows of the list, 16), for a known `units`.
static inline __attribute__((always_inline)) void update_units(const size_t units, real *p, const real *kept,
                                                               size_t all_units, const uint32_t *list,
                                                               size_t count, const real *gram,
                                                               size_t stride) {
    lanes s[NNK_GRADIENT_UNITS];
    for (size_t i = 0; i < units; i++) s[i] = *(const lanes *)(p + i * stride);
    for (size_t n = 0; n < count; n++) {
        const lanes g = *(const lanes *)(gram + list[n] * NNK_LANES);
        for (size_t i = 0; i < units; i++) s[i] += kept[n * all_units + i] * g;
    }
    for (size_t i = 0; i < units; i++) *(lanes *)(p + i * stride) = s[i];
}

static void dual_update(void *p_, const void *e_, const void *gram_, nnk_shape s, void *scratch) {
    real *kept = scratch;
    uint32_t *list = (uint32_t *)(kept + s.outputs * (s.examples + 1));
    const size_t count = gather_columns(list, kept, e_, s.outputs, s.examples, s.stride);
    for (size_t j = 0; j < s.stride; j += NNK_LANES) {
        const real *gram = (const real *)gram_ + j * s.examples;
        real *p = (real *)p_ + j;
        size_t i = 0;
        for (; i + NNK_GRADIENT_UNITS <= s.outputs; i += NNK_GRADIENT_UNITS)
            update_units(NNK_GRADIENT_UNITS, p + i * s.stride, kept + i, s.outputs, list, count, gram,
                         s.stride);
        for (; i < s.outputs; i++)
            update_units(1, p + i * s.stride, kept + i, s.outputs, list, count, gram, s.stride);
    }
}
