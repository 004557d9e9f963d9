/// Which faster forms there are. They take more code; the bits are the same.
#ifndef NNK_FAST_H
#define NNK_FAST_H

/// Whether kernels have faster forms, 1 or 0. -DNNK_FAST=0 makes the core small, for parts with less than 64
/// KB of flash. It is the default with -Os on ARMv6-M and RV32E, since such parts often have no more.
#if !defined(NNK_FAST)
#if defined(__OPTIMIZE_SIZE__) && (defined(__ARM_ARCH_6M__) || defined(__riscv_32e))
#define NNK_FAST 0
#else
#define NNK_FAST 1
#endif
#endif

/// Whether double is computed by a library, in integers. Then weights are drawn in integers
/// (quick_weights.h).
#if !defined(NNK_SOFT_DOUBLE)
#if defined(__arm__) && !(defined(__ARM_FP) && (__ARM_FP & 8))
#define NNK_SOFT_DOUBLE 1
#elif defined(__riscv) && !(defined(__riscv_flen) && __riscv_flen >= 64)
#define NNK_SOFT_DOUBLE 1
#elif defined(__xtensa__)
#define NNK_SOFT_DOUBLE 1
#else
#define NNK_SOFT_DOUBLE 0
#endif
#endif

#endif
