// Numbers as nn-cli prints them.
#include "check.h"
#include "number_text.h"

#include <ctype.h>

/// As Swift describes doubles.
static void test_known(void) {
    static const struct {
        double value;
        const char *text, *json;
    } known[] = {
        {0, "0.0", "0"},
        {-0.0, "-0.0", "-0"},
        {1, "1.0", "1"},
        {-200, "-200.0", "-200"},
        {0.1, "0.1", "0.1"},
        {0.0075, "0.0075", "0.0075"},
        {-12.5, "-12.5", "-12.5"},
        {123456789, "123456789.0", "123456789"},
        {0.1 + 0.2, "0.30000000000000004", "0.30000000000000004"},
        {1e-4, "0.0001", "0.0001"},
        {9.9999e-5, "9.9999e-05", "9.9999e-05"},
        {-1e-5, "-1e-05", "-1e-05"},
        {1.5e-7, "1.5e-07", "1.5e-07"},
        {1e15, "1000000000000000.0", "1000000000000000"},
        {9007199254740992, "9007199254740992.0", "9007199254740992"},
        {9007199254740994, "9.007199254740994e+15", "9.007199254740994e+15"},
        {1e16, "1e+16", "1e+16"},
        {1e22, "1e+22", "1e+22"},
        {0x1p-44, "5.684341886080802e-14",
         "5.684341886080802e-14"}, // its nearest 16 digits are another double
        {0x1p-1074, "5e-324", "5e-324"},
        {-DBL_MAX, "-1.7976931348623157e+308", "-1.7976931348623157e+308"},
        {INFINITY, "inf", "inf"},
        {-INFINITY, "-inf", "-inf"},
        {NAN, "nan", "nan"},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        char text[NUMBER_TEXT_BYTES], json[NUMBER_TEXT_BYTES];
        if (!CHECK(strcmp(number_text(known[i].value, text), known[i].text) == 0)) puts(text);
        if (!CHECK(strcmp(json_number(known[i].value, json), known[i].json) == 0)) puts(json);
    }
}

/// The significant digits of a text.
static int digits_of(const char *text) {
    int count = 0, zeros = 0;
    for (; *text && *text != 'e'; text++) {
        if (!isdigit((unsigned char)*text) || (*text == '0' && count == 0)) continue;
        count++;
        zeros = *text == '0' ? zeros + 1 : 0;
    }
    return count - zeros;
}

/// Each text gives the same double, and the nearest decimal of one digit less does not.
static void test_any(double value) {
    char text[NUMBER_TEXT_BYTES], json[NUMBER_TEXT_BYTES], shorter[NUMBER_TEXT_BYTES];
    const int digits = digits_of(number_text(value, text));
    CHECK(strtod(text, NULL) == value && strtod(json_number(value, json), NULL) == value);
    CHECK(strlen(text) < NUMBER_TEXT_BYTES - 1 && digits <= 17);
    if (digits < 2) return;
    snprintf(shorter, sizeof shorter, "%.*e", digits - 2, value);
    CHECK(strtod(shorter, NULL) != value);
}

int main(void) {
    test_known();
    for (int exponent = -1074; exponent < 1024; exponent++) {
        const double power = ldexp(1, exponent);
        test_any(power);
        test_any(-nextafter(power, 0));
        test_any(nextafter(power, 2));
    }
    for (uint32_t i = check_rounds(5000); i > 0; i--) {
        const uint64_t bits = random_bits();
        double value;
        memcpy(&value, &bits, sizeof value);
        if (isfinite(value)) test_any(value);
        test_any(random_between(0, 1));
    }
    return check_end();
}
