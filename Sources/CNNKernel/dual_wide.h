/// dual.h's update of the logits on vectors: the same sums in the same order, 16 of them at a time.
///
/// Part of the vector arithmetics: included before dual.h.

/// gather_columns of dual.h for 16 columns from `first` on: D += dZ, and those of dZ that are not all zeros
/// go into list and kept, `count` of which are filled already. Returns how many are then.
/// scaled (outputs, 16): scratch
static size_t gather_block(uint32_t *list, real *kept, size_t count, real *d, const real *dz, real scale,
                           size_t first, nnk_shape s, real *scaled) {
    lanes_int any = {0};
    for (size_t i = 0; i < s.outputs; i++) {
        const lanes x = *(const lanes *)(dz + i * s.stride);
        *(lanes *)(d + i * s.stride) += x;
        *(lanes *)(scaled + i * NNK_LANES) = x * scale;
        any |= x != 0;
    }
    const size_t start = count;
    for (size_t lane = 0; lane < NNK_LANES; lane++) {
        list[count] = (uint32_t)(first + lane);
        count += (size_t)(any[lane] & 1);
    }
    for (size_t n = start; n < count; n++)
        for (size_t i = 0; i < s.outputs; i++)
            kept[n * s.outputs + i] = scaled[i * NNK_LANES + list[n] - first];
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

static void dual_update_wide(void *p_, void *d, const void *dz, double scale, const void *gram_, nnk_shape s,
                             void *scratch) {
    real *kept = scratch, *scaled = kept + s.outputs * s.stride;
    uint32_t *list = (uint32_t *)(scaled + s.outputs * NNK_LANES);
    size_t count = 0;
    for (size_t j = 0; j < s.stride; j += NNK_LANES)
        count =
            gather_block(list, kept, count, (real *)d + j, (const real *)dz + j, (real)scale, j, s, scaled);
    for (size_t j = 0; j < s.stride; j += PART) {
        const real *gram = (const real *)gram_ + j / NNK_LANES * NNK_LANES * s.examples + j % NNK_LANES;
        real *p = (real *)p_ + j;
#define BODY(n, i) update_units(n, p + (i)*s.stride, kept + (i), s.outputs, list, count, gram, s.stride)
        IN_GROUPS(NNK_PART_UNITS, s.outputs, BODY);
#undef BODY
    }
}
