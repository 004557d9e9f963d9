/// Vectors of NNK_LANES reals, by the compilers' vector extensions, whatever number of registers that takes.
///
/// Part of kernels/arithmetic.h and kernels/inference.h, of whichever comes first.
#ifndef NNK_LANES_H // undefined by end.h
#define NNK_LANES_H

typedef real lanes __attribute__((vector_size(NNK_LANES * sizeof(real)), aligned(sizeof(real)), may_alias));
typedef real_int lanes_int
    __attribute__((vector_size(NNK_LANES * sizeof(real)), aligned(sizeof(real)), may_alias));
typedef uint8_t byte_lanes __attribute__((vector_size(NNK_LANES), aligned(1), may_alias));

/// Stands before a loop over a group of units: when it is unrolled, the group's sums are registers, not an
/// array.
#if defined(__clang__)
#define UNROLLED _Pragma("clang loop unroll(full)")
#else
#define UNROLLED _Pragma("GCC unroll 32")
#endif

/// As many reals as one register holds, for elements that each have a sum of their own and need no lanes.
enum { PART = NNK_REGISTER_BYTES / sizeof(real) };
typedef real part __attribute__((vector_size(NNK_REGISTER_BYTES), aligned(sizeof(real)), may_alias));
typedef real_int part_int __attribute__((vector_size(NNK_REGISTER_BYTES), aligned(sizeof(real)), may_alias));
typedef uint8_t byte_part
    __attribute__((vector_size(NNK_REGISTER_BYTES / sizeof(real)), aligned(1), may_alias));

#define INLINE static inline __attribute__((always_inline))

/// result = x where the mask has ones, else y.
INLINE void choose(lanes *result, const lanes_int *mask, const lanes *x, const lanes *y) {
    *result = (lanes)((*mask & (lanes_int)*x) | (~*mask & (lanes_int)*y));
}

/// result = the sums of neighbours in x, then of neighbours in y.
INLINE void add_neighbours(lanes *result, const lanes *x, const lanes *y) {
    *result = __builtin_shufflevector(*x, *y, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30) +
              __builtin_shufflevector(*x, *y, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
}

/// Ends `count` sums in lanes as sums.h does, neighbours first, in four turns of adding neighbours in pairs
/// of vectors. Sum n ends in v[n / 16][n % 16]. If the count is odd, v needs room for one vector more.
INLINE void sums_of_vectors(lanes *v, size_t count) {
    size_t vectors = count;
    UNROLLED for (int32_t turn = 0; turn < 4; turn++) {
        if (vectors % 2 != 0) v[vectors] = (lanes){0};
        vectors = (vectors + 1) / 2;
        for (size_t n = 0; n < vectors; n++) add_neighbours(&v[n], &v[2 * n], &v[2 * n + 1]);
    }
}

/// Runs body(size, first) over `all` units in groups, first those of the largest size, then smaller ones.
/// Sizes are constants, so that compilers keep the sums of a group in registers.
#define IN_GROUPS(largest, all, body)                                                                        \
    do {                                                                                                     \
        size_t first = 0;                                                                                    \
        for (; first + (largest) <= (all); first += (largest)) body((size_t)(largest), first);               \
        if ((largest) > 8 && first + 8 <= (all)) {                                                           \
            body((size_t)8, first);                                                                          \
            first += 8;                                                                                      \
        }                                                                                                    \
        if ((largest) > 4 && first + 4 <= (all)) {                                                           \
            body((size_t)4, first);                                                                          \
            first += 4;                                                                                      \
        }                                                                                                    \
        if ((largest) > 2 && first + 2 <= (all)) {                                                           \
            body((size_t)2, first);                                                                          \
            first += 2;                                                                                      \
        }                                                                                                    \
        for (; first < (all); first++) body((size_t)1, first);                                               \
    } while (0)

#endif
