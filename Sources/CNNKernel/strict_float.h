/// Refuses compilers and options under which the results would have other bits, or turns them off.
/// Every file that computes includes it before its own code.
#ifndef NNK_STRICT_FLOAT_H
#define NNK_STRICT_FLOAT_H

#include <float.h>

// Under each of these the results would differ from those of other builds. Fused products, and how the thread
// is set up, show in no macro: kernels/float_check.h finds them when it runs.
#if defined(__FAST_MATH__)
#error "nnkernel must not be built with -ffast-math, or with -Ofast or -ffp-model=fast, which contain it"
#elif defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__
#error "nnkernel must not be built with -ffinite-math-only"
#elif defined(__ASSOCIATIVE_MATH__)
#error "nnkernel must not be built with -fassociative-math, or -funsafe-math-optimizations, which contains it"
#elif defined(__RECIPROCAL_MATH__)
#error "nnkernel must not be built with -freciprocal-math"
#elif defined(__NO_SIGNED_ZEROS__)
#error "nnkernel must not be built with -fno-signed-zeros"
#endif
#if defined(__clang__) && defined(__ARM_NEON) && !defined(__aarch64__)
#error "32-bit NEON flushes subnormal numbers to zero: build with -mfpu=vfpv3-d16"
#endif
#if defined(__ARM_FEATURE_MVE) && (__ARM_FEATURE_MVE & 2)
#error "MVE's floats flush subnormal numbers to zero: build with +nomve.fp behind -mcpu"
#endif
#if defined(__ALTIVEC__) && !defined(__VSX__)
#error "Altivec flushes subnormal numbers to zero: build with -mno-altivec, or with VSX"
#endif
// It makes doubles of the core floats. Teensy 3's build has it; the float constants it is for end with f:
// 0.5f.
_Static_assert(
    sizeof 1.0 == sizeof(double),
    "nnkernel must not be built with -fsingle-precision-constant: remove it, write 0.5f for floats");
// 16 concerns half floats, which are not used here.
#if FLT_EVAL_METHOD != 0 && FLT_EVAL_METHOD != 16
#error "nnkernel needs FLT_EVAL_METHOD 0; on x86-32 build with -msse2 -mfpmath=sse, on s390x with -std=gnu11"
#endif

// The Pico SDK has the linker replace the compiler's functions for floats by others: routines of the RP2040's
// ROM, which flush subnormal numbers to zero, and for doubles the RP2350's coprocessor. The linker keeps the
// functions themselves as __real_..., and the core calls these. An assembler's .set names them anew in this
// file alone.
#define NNK_REAL(function) ".set __aeabi_" #function ", __real___aeabi_" #function "\n"
#if defined(__ARM_ARCH_6M__) && defined(LIB_PICO_FLOAT_PICO)
__asm__(NNK_REAL(fadd) NNK_REAL(fsub) NNK_REAL(fmul) NNK_REAL(fdiv) NNK_REAL(fcmpeq) NNK_REAL(fcmplt)
            NNK_REAL(fcmple) NNK_REAL(fcmpge) NNK_REAL(fcmpgt) NNK_REAL(f2d));
#endif
#if defined(__arm__) && defined(LIB_PICO_DOUBLE_PICO)
__asm__(NNK_REAL(dadd) NNK_REAL(dsub) NNK_REAL(dmul) NNK_REAL(ddiv) NNK_REAL(dcmpeq) NNK_REAL(dcmplt)
            NNK_REAL(dcmple) NNK_REAL(dcmpge) NNK_REAL(dcmpgt) NNK_REAL(d2f));
#endif

// a * b + c is rounded twice everywhere. Each compiler has its own pragma for that and ignores the other one.
// Clang has no macro for some options. What it knows strict floating point for is compiled precisely,
// whatever they say.
#if defined(__clang__)
#if defined(__x86_64__) || defined(__i386__) || defined(__powerpc__) || defined(__s390__) ||                 \
    (__clang_major__ >= 18 && (defined(__aarch64__) || defined(__riscv)))
#pragma float_control(precise, on)
#endif
#pragma STDC FP_CONTRACT OFF
#pragma clang fp reassociate(off)
#if __clang_major__ >= 18 // earlier ones do not know it
#pragma clang fp reciprocal(off)
#endif
#elif defined(__GNUC__)
#pragma GCC optimize("fp-contract=off")
#else
#error "nnkernel knows gcc and clang; add here how this compiler is kept from contracting a * b + c"
#endif

#endif
