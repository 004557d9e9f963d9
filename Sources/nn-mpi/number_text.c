// The shortest text of a double. The C locale is in force, as always in a program that sets none.
#include "number_text.h"
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/// 17 digits give back every double.
enum { MOST_DIGITS = 17 };

/// A finite double: sign, digits d of 0.d, and the power of ten.
typedef struct decimal {
    char digits[MOST_DIGITS + 1];
    int count, exponent;
} decimal;

/// Rounds `value`, which is not negative, to `count` digits.
static decimal rounded(double value, int count) {
    char text[NUMBER_TEXT_BYTES];
    snprintf(text, sizeof text, "%.*e", count - 1, value); // d.ddde+xx; de+xx
    decimal d = {.count = count, .exponent = (int)strtol(strchr(text, 'e') + 1, NULL, 10) + 1};
    d.digits[0] = text[0];
    memcpy(d.digits + 1, text + 2, (size_t)count - 1);
    return d;
}

/// Adds one to the last digit. The digits are not all nines.
static void increment(decimal *d) {
    int last = d->count - 1;
    for (; d->digits[last] == '9'; last--) d->digits[last] = '0';
    d->digits[last]++;
}

static double value_of(const decimal *d) {
    char text[NUMBER_TEXT_BYTES];
    snprintf(text, sizeof text, "0.%.*se%d", d->count, d->digits, d->exponent);
    return strtod(text, NULL);
}

/// The fewest digits that give back `value`. Above a power of two doubles lie twice as far apart as below:
/// the nearest decimal may lie below and be another double already, where the next one above is this one.
static decimal shortest(double value) {
    for (int count = 1; count < MOST_DIGITS; count++) {
        decimal d = rounded(value, count);
        const double found = value_of(&d);
        if (found < value && strspn(d.digits, "9") < (size_t)count) increment(&d);
        if (value_of(&d) == value) return d;
    }
    return rounded(value, MOST_DIGITS);
}

/// d.ddde-05
static void write_scientific(const decimal *d, char *text, size_t bytes) {
    const int exponent = d->exponent - 1;
    snprintf(text, bytes, "%c%s%.*se%c%02d", d->digits[0], d->count > 1 ? "." : "", d->count - 1,
             d->digits + 1, exponent < 0 ? '-' : '+', abs(exponent));
}

/// 0.000ddd, dd.dd or dd000.0
static void write_plain(const decimal *d, char *text, size_t bytes) {
    static const char zeros[] = "0000000000000000";
    const int count = d->count, whole = d->exponent;
    if (whole <= 0)
        snprintf(text, bytes, "0.%.*s%.*s", -whole, zeros, count, d->digits);
    else if (whole < count)
        snprintf(text, bytes, "%.*s.%.*s", whole, d->digits, count - whole, d->digits + whole);
    else
        snprintf(text, bytes, "%.*s%.*s.0", count, d->digits, whole - count, zeros);
}

char *number_text(double value, char text[NUMBER_TEXT_BYTES]) {
    const double size = fabs(value);
    if (!isfinite(value)) {
        snprintf(text, NUMBER_TEXT_BYTES, "%s", isnan(value) ? "nan" : value < 0 ? "-inf" : "inf");
        return text;
    }
    const decimal d = shortest(size);
    char *start = text;
    if (signbit(value)) *start++ = '-';
    const bool is_plain = size == 0 || (size >= 1e-4 && size <= 0x1p53);
    (is_plain ? write_plain : write_scientific)(&d, start, NUMBER_TEXT_BYTES - 1);
    return text;
}

char *json_number(double value, char text[NUMBER_TEXT_BYTES]) {
    const size_t length = strlen(number_text(value, text));
    if (length > 2 && strcmp(text + length - 2, ".0") == 0) text[length - 2] = 0;
    return text;
}
