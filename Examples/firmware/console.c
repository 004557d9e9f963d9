#include "console.h"
#include "board.h"
#include <string.h>

void print(const char *text) { board_write(text); }

/// Writes `n` with at least `digits` digits.
static void print_digits(uint64_t n, int32_t digits) {
    char text[21];
    char *at = text + sizeof text - 1;
    *at = 0;
    for (; n > 0 || digits > 0; n /= 10, digits--) *--at = (char)('0' + n % 10);
    print(at);
}

void print_number(uint32_t n) { print_digits(n, 1); }

void print_real(double x) {
    const uint64_t unit = 1000000000000;
    if (!(x >= 0 && x < 1e6)) {
        print("out of range");
        return;
    }
    const uint64_t scaled = (uint64_t)(x * (double)unit + 0.5);
    print_digits(scaled / unit, 1);
    print(".");
    print_digits(scaled % unit, 12);
}

void print_bits(double x) {
    uint64_t bits;
    char text[17];
    memcpy(&bits, &x, sizeof bits);
    for (int32_t i = 0; i < 16; i++) text[i] = "0123456789abcdef"[bits >> (60 - 4 * i) & 15];
    text[16] = 0;
    print(text);
}
