// Stand-ins for the Pico SDK's float functions on an RP2040: like those of the chip's ROM, they take
// subnormal numbers for zeros, and give zeros in their place. The linker puts them in the place of the
// compiler's, as the SDK has it do; scripts/boards.sh has the list of --wrap.
#include <stdint.h>

/// Looks at bits alone, so that it calls none of these functions.
static float flushed_f(float x) {
    union {
        float number;
        uint32_t bits;
    } u = {x};
    if ((u.bits & 0x7f800000) == 0) u.bits &= 0x80000000;
    return u.number;
}

static double flushed_d(double x) {
    union {
        double number;
        uint64_t bits;
    } u = {x};
    if ((u.bits & 0x7ff0000000000000) == 0) u.bits &= 0x8000000000000000;
    return u.number;
}

#define ARITHMETIC(type, letter, operation)                                                                  \
    type __real___aeabi_##operation(type a, type b);                                                         \
    type __wrap___aeabi_##operation(type a, type b);                                                         \
    type __wrap___aeabi_##operation(type a, type b) {                                                        \
        return flushed_##letter(__real___aeabi_##operation(flushed_##letter(a), flushed_##letter(b)));       \
    }
#define COMPARISON(type, letter, operation)                                                                  \
    int __real___aeabi_##operation(type a, type b);                                                          \
    int __wrap___aeabi_##operation(type a, type b);                                                          \
    int __wrap___aeabi_##operation(type a, type b) {                                                         \
        return __real___aeabi_##operation(flushed_##letter(a), flushed_##letter(b));                         \
    }

ARITHMETIC(float, f, fadd)
ARITHMETIC(float, f, fsub)
ARITHMETIC(float, f, fmul)
ARITHMETIC(float, f, fdiv)
COMPARISON(float, f, fcmpeq)
COMPARISON(float, f, fcmplt)
COMPARISON(float, f, fcmple)
COMPARISON(float, f, fcmpge)
COMPARISON(float, f, fcmpgt)
ARITHMETIC(double, d, dadd)
ARITHMETIC(double, d, dsub)
ARITHMETIC(double, d, dmul)
ARITHMETIC(double, d, ddiv)
COMPARISON(double, d, dcmpeq)
COMPARISON(double, d, dcmplt)
COMPARISON(double, d, dcmple)
COMPARISON(double, d, dcmpge)
COMPARISON(double, d, dcmpgt)

double __real___aeabi_f2d(float x);
double __wrap___aeabi_f2d(float x);
double __wrap___aeabi_f2d(float x) { return __real___aeabi_f2d(flushed_f(x)); }

float __real___aeabi_d2f(double x);
float __wrap___aeabi_d2f(double x);
float __wrap___aeabi_d2f(double x) { return flushed_f(__real___aeabi_d2f(x)); }
