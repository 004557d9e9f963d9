#include "shown_text.h"

#include <stdio.h>
#include <string.h>

/// From the first to the last of each range.
static const uint32_t hidden[][2] = {
    {0x0, 0x1f},         {0x7f, 0x9f},       {0xad, 0xad},       {0x600, 0x605},     {0x61c, 0x61c},
    {0x6dd, 0x6dd},      {0x70f, 0x70f},     {0x890, 0x891},     {0x8e2, 0x8e2},     {0x180e, 0x180e},
    {0x200b, 0x200f},    {0x2028, 0x202e},   {0x2060, 0x2064},   {0x2066, 0x206f},   {0xe000, 0xf8ff},
    {0xfdd0, 0xfdef},    {0xfeff, 0xfeff},   {0xfff9, 0xfffb},   {0x110bd, 0x110bd}, {0x110cd, 0x110cd},
    {0x13430, 0x1343f},  {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a}, {0xe0001, 0xe0001}, {0xe0020, 0xe007f},
    {0xf0000, 0x10ffff},
};

bool is_hidden(uint32_t code) {
    if ((code & 0xfffe) == 0xfffe) return true;
    for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++)
        if (code >= hidden[i][0] && code <= hidden[i][1]) return true;
    return false;
}

size_t character_bytes(const char *text, uint32_t *code) {
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    const uint8_t *b = (const uint8_t *)text;
    const size_t count = b[0] < 0x80   ? 1
                         : b[0] < 0xc0 ? 0
                         : b[0] < 0xe0 ? 2
                         : b[0] < 0xf0 ? 3
                         : b[0] < 0xf8 ? 4
                                       : 0;
    *code = count > 1 ? b[0] & 0x7fu >> count : b[0];
    for (size_t i = 1; i < count; i++) {
        if ((b[i] & 0xc0) != 0x80) return 0;
        *code = *code << 6 | (b[i] & 0x3f);
    }
    const bool is_surrogate = *code >= 0xd800 && *code <= 0xdfff;
    return *code < least[count] || *code > 0x10ffff || is_surrogate ? 0 : count;
}

void shown_text(const char *text, char *shown, size_t bytes) {
    size_t length = 0;
    while (*text) {
        uint32_t code;
        const size_t count = character_bytes(text, &code);
        const bool is_plain = count && !is_hidden(code);
        const size_t taken = count ? count : 1, needed = is_plain ? taken : 4 * taken;
        if (length + needed >= bytes) break;
        if (is_plain)
            memcpy(shown + length, text, taken);
        else
            for (size_t i = 0; i < taken; i++)
                snprintf(shown + length + 4 * i, 5, "\\x%02X", (unsigned)(uint8_t)text[i]);
        length += needed;
        text += taken;
    }
    shown[length] = '\0';
}
