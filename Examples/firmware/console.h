/// Words and numbers for people.
#ifndef CONSOLE_H
#define CONSOLE_H

#include <stdint.h>

void print(const char *text);
void print_number(uint32_t n);

/// With 12 digits behind the point, below 1000000.
void print_real(double x);

/// All bits, in hexadecimal.
void print_bits(double x);

#endif
