/// Prints text and numbers on the console.
#ifndef CONSOLE_H
#define CONSOLE_H

#include <stdint.h>

void print(const char *text);
void print_number(uint32_t n);

/// Prints x with 12 decimal places; 0 <= x < 1000000.
void print_real(double x);

/// Prints the 64 bits of x in hexadecimal.
void print_bits(double x);

#endif
