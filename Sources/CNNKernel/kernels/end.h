/// The end of an instantiation: undefines what its target, its element type and the texts have defined, and
/// ends the target's compiler options. Functions and types stay: they are the file's own.

// target_*.h
#undef NNK_REGISTER_BYTES
#undef NNK_TILE_ROWS
#undef NNK_TILE_COLUMNS
#undef NNK_PART_UNITS
#undef NNK_PRODUCT_BYTES
#undef NNK_CRC32
#undef NNK_HAS_FMA

// real_*.h
#undef REAL
#undef REAL_DTYPE
#undef REAL_SMALLEST
#undef REAL_EPSILON
#undef REAL_LARGEST
#undef real_exp
#undef real_log
#undef real_log_plain
#undef real_normal
#undef real_sum_of_lanes
#undef real_is_strict
#undef REAL_FRACTION_BITS
#undef REAL_EXPONENT_BIAS
#undef REAL_EXP_MOST
#undef REAL_EXP_LEAST
#undef REAL_LOG2_E
#undef REAL_LN2_HIGH
#undef REAL_LN2_LOW
#undef REAL_ROUND
#undef real_exp_terms
#undef REAL_EXP_TERMS

// arithmetic.h, inference.h and their parts
#undef BYTE_SCALE
#undef NNK_FLOAT_CHECK_H
#undef float_is_strict
#undef NNK_LANES_H
#undef UNROLLED
#undef INLINE
#undef IN_GROUPS
#undef VECTOR
#undef SKIP_KERNEL
#undef NNK_ARITHMETIC
#undef NNK_DUAL_ARITHMETIC
#undef ACCUMULATE
#undef NNK_INFERENCE
#undef NNK_CONTRAST_INFERENCE

#if defined(NNK_TARGET_OPTIONS)
#undef NNK_TARGET_OPTIONS
#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#endif
