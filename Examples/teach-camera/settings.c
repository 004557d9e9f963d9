#include "settings.h"
#include "console.h"
#include "store.h"
#include <stddef.h>
#include <string.h>

enum { LINE = 80 }; // bytes of a line that are looked at

typedef enum type { TEXT, NUMBER, REAL } type;

/// A key, and where its value goes: a text of 1 to 31 bytes, a whole number, or a decimal fraction.
typedef struct key {
    const char *name;
    const char *expected;
    double least, most;
    type type;
    uint32_t at; ///< in settings
} key;

static const key keys[] = {
    {"name_a", "name_a of 1 to 31 bytes", 0, 0, TEXT, offsetof(settings, names[0])},
    {"name_b", "name_b of 1 to 31 bytes", 0, 0, TEXT, offsetof(settings, names[1])},
    {"rate", "rate of 0.000001 to 10", 0.000001, 10, REAL, offsetof(settings, rate)},
    {"iterations", "iterations of 1 to 100000", 1, 100000, NUMBER, offsetof(settings, iterations)},
    {"seed", "seed of 0 to 4294967295", 0, 4294967295, NUMBER, offsetof(settings, seed)},
    {"sure_a", "sure_a of 0 to 0.5", 0, 0.5, REAL, offsetof(settings, sure_a)},
    {"sure_b", "sure_b of 0.5 to 1", 0.5, 1, REAL, offsetof(settings, sure_b)},
    {"answer_every", "answer_every of 10 to 60000", 10, 60000, NUMBER, offsetof(settings, answer_every)},
};
enum { KEYS = sizeof keys / sizeof keys[0] };

static const settings defaults = {
    .names = {"A", "B"},
    .rate = 0.0075,
    .iterations = 300,
    .seed = 1,
    .sure_a = 0.35,
    .sure_b = 0.65,
    .answer_every = 500,
};

static bool is_equal(const char *a, const char *b) {
    for (; *a && *a == *b; a++) b++;
    return *a == *b;
}

static uint32_t length_of(const char *text) {
    uint32_t length = 0;
    while (text[length]) length++;
    return length;
}

/// Reads up to 15 digits and up to one point. Returns false if there is anything else. So many digits are
/// exact in a double, and so is their power of ten: the quotient is the double that is nearest to the
/// fraction.
static bool read_real(const char *text, bool may_have_point, double *result) {
    double digits = 0, unit = 1;
    uint32_t count = 0, points = 0;
    for (; *text; text++) {
        if (*text == '.' && may_have_point && points++ == 0) continue;
        if (*text < '0' || *text > '9' || ++count > 15) return false;
        digits = digits * 10 + (double)(*text - '0');
        if (points) unit *= 10;
    }
    *result = digits / unit;
    return count > 0;
}

/// Takes a value. Returns false if it is not in its range.
static bool take_value(settings *result, const key *k, const char *text) {
    uint8_t *to = (uint8_t *)result + k->at;
    if (k->type == TEXT) {
        const uint32_t length = length_of(text);
        if (length < 1 || length >= NNK_CLASS_NAME_BYTES) return false;
        memset(to, 0, NNK_CLASS_NAME_BYTES);
        memcpy(to, text, length);
        return true;
    }
    double x;
    if (!read_real(text, k->type == REAL, &x) || x < k->least || x > k->most) return false;
    const uint32_t whole = (uint32_t)x;
    if (k->type == REAL)
        memcpy(to, &x, sizeof x);
    else
        memcpy(to, &whole, sizeof whole);
    return true;
}

static void say_wrong(uint32_t number, const char *expected, const char *found, const char *then) {
    print("settings, line ");
    print_number(number);
    print(": expected ");
    print(expected);
    print(", found \"");
    print(found);
    print("\"; ");
    print(then);
    print("\n");
}

static void take_line(settings *result, uint32_t number, char *line) {
    char *value = line;
    while (*value && *value != '=') value++;
    if (*value) *value++ = 0; // the line is now the key alone
    for (uint32_t i = 0; i < KEYS; i++)
        if (is_equal(line, keys[i].name)) {
            if (!take_value(result, &keys[i], value))
                say_wrong(number, keys[i].expected, value, "the default is used");
            return;
        }
    say_wrong(number, "one of the keys in settings.txt", line, "the line is ignored");
}

/// Reads the next line, without its end and without what does not fit. Returns false at the end of the
/// text.
static bool read_line(uint32_t *at, char line[LINE], const char **failure) {
    uint32_t length = 0;
    uint8_t byte = 0;
    for (; *at < STORE_SETTINGS_BYTES; ++*at) {
        if (!store_read(STORE_SETTINGS * CARD_BLOCK + *at, 1, &byte)) *failure = "cannot be read";
        if (*failure || byte == 0 || byte == '\n') break;
        if (length < LINE - 1 && byte != '\r') line[length++] = (char)byte;
    }
    if (byte == '\n') ++*at;
    line[length] = 0;
    return !*failure && (byte == '\n' || length > 0);
}

const char *settings_read(settings *result) {
    char line[LINE];
    const char *failure = NULL;
    uint32_t at = 0;
    *result = defaults;
    const bool is_there = read_line(&at, line, &failure);
    if (!failure && !(is_there && is_equal(line, "teach-camera")))
        failure = "expected settings that begin with the line teach-camera; teach.py makes such cards";
    for (uint32_t number = 1; !failure && read_line(&at, line, &failure); number++)
        if (line[0] && line[0] != '#') take_line(result, number, line);
    result->crc = nnk_crc32(0, (const uint8_t *)result, offsetof(settings, sure_a));
    return failure;
}
