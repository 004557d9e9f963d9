/// Vectors of 16 reals, by the compilers' extensions. How many registers one takes is the machine's business.
///
/// Part of the vector arithmetics: included after a real_*.h.
typedef real lanes __attribute__((vector_size(NNK_LANES * sizeof(real)), aligned(sizeof(real)), may_alias));
typedef real_int lanes_int
    __attribute__((vector_size(NNK_LANES * sizeof(real)), aligned(sizeof(real)), may_alias));
typedef real lanes_8 __attribute__((vector_size(8 * sizeof(real))));
typedef real lanes_4 __attribute__((vector_size(4 * sizeof(real))));
typedef uint8_t byte_lanes __attribute__((vector_size(NNK_LANES), aligned(1), may_alias));

/// Before a loop over a group of units: unrolled, the group's sums are registers and not an array.
#if defined(__clang__)
#define UNROLLED _Pragma("clang loop unroll(full)")
#else
#define UNROLLED _Pragma("GCC unroll 32")
#endif

/// One register's worth, for sums that need no lanes: each of them is a sum of its own anyway.
enum { PART = NNK_REGISTER_BYTES / sizeof(real) };
typedef real part __attribute__((vector_size(NNK_REGISTER_BYTES), aligned(sizeof(real)), may_alias));
typedef uint8_t byte_part
    __attribute__((vector_size(NNK_REGISTER_BYTES / sizeof(real)), aligned(1), may_alias));

#define INLINE static inline __attribute__((always_inline))

/// The end of a sum in lanes, as sum_of_lanes in dense.h has it: neighbours first.
INLINE real sum_of_vector(const lanes *v) {
    const lanes_8 eight = __builtin_shufflevector(*v, *v, 0, 2, 4, 6, 8, 10, 12, 14) +
                          __builtin_shufflevector(*v, *v, 1, 3, 5, 7, 9, 11, 13, 15);
    const lanes_4 four =
        __builtin_shufflevector(eight, eight, 0, 2, 4, 6) + __builtin_shufflevector(eight, eight, 1, 3, 5, 7);
    return (four[0] + four[1]) + (four[2] + four[3]);
}

/// Runs body(units, first) over `all` units in groups of a constant size: the largest that is given, then
/// smaller ones. Constant, so that the sums of a group are kept in registers.
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
