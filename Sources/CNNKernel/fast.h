/// NNK_FAST, 1 or 0: whether kernels have forms that are faster and take more code. The bits are the same.
///
/// -DNNK_FAST=0 makes the core small, for parts with less than 64 KB of flash. It is the default with -Os on
/// ARMv6-M and RV32E, since such parts often have no more.
#ifndef NNK_FAST_H
#define NNK_FAST_H

#if !defined(NNK_FAST)
#if defined(__OPTIMIZE_SIZE__) && (defined(__ARM_ARCH_6M__) || defined(__riscv_32e))
#define NNK_FAST 0
#else
#define NNK_FAST 1
#endif
#endif

#endif
