/// dual.h's update of the logits on vectors: the same sums in the same order, 16 of them at a time.
///
/// Part of the vector arithmetics: included before dual.h.

/// gather_columns of dual.h: 16 columns at a time are found to be zeros or not.
static size_t gather_columns_wide(uint32_t *list, real *kept, const real *e, nnk_shape s) {
    size_t count = 0;
    for (size_t j = 0; j < s.examples; j += NNK_LANES) {
        lanes_int any = {0};
        for (size_t i = 0; i < s.outputs; i++) any |= *(const lanes *)(e + i * s.stride + j) != 0;
        for (size_t lane = 0; lane < NNK_LANES && j + lane < s.examples; lane++) {
            if (!any[lane]) continue;
            for (size_t i = 0; i < s.outputs; i++) kept[count * s.outputs + i] = e[i * s.stride + j + lane];
            list[count++] = (uint32_t)(j + lane);
        }
    }
    return count;
}

/// p (units, PART of stride) += kept (count, all_units) gram (rows of the list, PART), for a known `units`.
INLINE void update_units(const size_t units, real *p, const real *kept, size_t all_units,
                         const uint32_t *list, size_t count, const real *gram, size_t stride) {
    part s[NNK_PART_UNITS];
    UNROLLED for (size_t i = 0; i < units; i++) s[i] = *(const part *)(p + i * stride);
    for (size_t n = 0; n < count; n++) {
        const part g = *(const part *)(gram + list[n] * (size_t)NNK_LANES);
        UNROLLED for (size_t i = 0; i < units; i++) s[i] += kept[n * all_units + i] * g;
    }
    UNROLLED for (size_t i = 0; i < units; i++) * (part *)(p + i * stride) = s[i];
}

static void dual_update_wide(void *p_, const void *e_, const void *gram_, nnk_shape s, void *scratch) {
    real *kept = scratch;
    uint32_t *list = (uint32_t *)(kept + s.outputs * (s.examples + 1));
    const size_t count = gather_columns_wide(list, kept, e_, s);
    for (size_t j = 0; j < s.stride; j += PART) {
        const real *gram = (const real *)gram_ + j / NNK_LANES * NNK_LANES * s.examples + j % NNK_LANES;
        real *p = (real *)p_ + j;
#define BODY(n, i) update_units(n, p + (i)*s.stride, kept + (i), s.outputs, list, count, gram, s.stride)
        IN_GROUPS(NNK_PART_UNITS, s.outputs, BODY);
#undef BODY
    }
}
