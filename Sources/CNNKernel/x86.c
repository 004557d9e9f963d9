// Which vectors this processor has, for code that is chosen when it runs.
#include "vector_arithmetic.h"

#if NNK_X86
#include <cpuid.h>

/// Returns which registers the operating system saves (XCR0, the lower half).
static uint32_t enabled_state(void) {
    uint32_t low, high;
    __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return low;
}

int32_t nnk_x86_vectors(void) {
    uint32_t a, b, c, d;
    const uint32_t products = 1u << 1, fma = 1u << 12, popcnt = 1u << 23, osxsave = 1u << 27, avx2 = 1u << 5;
    const uint32_t avx512 = 1u << 16 | 1u << 17 | 1u << 30 | 1u << 31; // F, DQ, BW, VL
    const uint32_t ymm_state = 0x06, zmm_state = 0xe6;
    if (!__get_cpuid(1, &a, &b, &c, &d) || (~c & (products | fma | popcnt | osxsave)) != 0) return 0;
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || !(b & avx2)) return 0;
    const uint32_t state = enabled_state();
    if ((state & ymm_state) != ymm_state) return 0;
    return (b & avx512) == avx512 && (state & zmm_state) == zmm_state ? 512 : 2;
}
#endif
