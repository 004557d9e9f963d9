#define _POSIX_C_SOURCE 200809L // open_memstream

#include "json_text.h"

#include "console.h"
#include "number_text.h"
#include "ranks.h"
#include "shown_text.h"
#include <math.h>
#include <stdlib.h>

/// One or two units of UTF-16.
static void escape(FILE *to, uint32_t code) {
    static const char short_forms[] = {['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'};
    if (code < sizeof short_forms && short_forms[code])
        fprintf(to, "\\%c", short_forms[code]);
    else if (code < 0x10000)
        fprintf(to, "\\u%04x", (unsigned)code);
    else
        fprintf(to, "\\u%04x\\u%04x", 0xd7c0u + (unsigned)(code >> 10), 0xdc00u + (unsigned)(code & 0x3ff));
}

void json_text(FILE *to, const char *text) {
    uint32_t code;
    fputc('"', to);
    for (size_t count; *text; text += count ? count : 1) {
        count = character_bytes(text, &code);
        if (count == 0)
            fprintf(to, "\\\\x%02X", (unsigned)(uint8_t)*text);
        else if (*text == '"' || *text == '\\')
            fprintf(to, "\\%c", *text);
        else if (is_hidden(code))
            escape(to, code);
        else
            fwrite(text, 1, count, to);
    }
    fputc('"', to);
}

void json_real(FILE *to, double value) {
    char text[NUMBER_TEXT_BYTES];
    fputs(isnan(value) ? "null" : json_number(value, text), to);
}

void json_member(FILE *to, const char *name, double value) {
    fprintf(to, "\"%s\":", name);
    json_real(to, value);
    fputc(',', to);
}

static _Noreturn void fail(void) { ranks_fail(EXIT_INTERNAL, "not enough memory for the answer"); }

void json_begin(json_object *object) {
    object->to = open_memstream(&object->text, &object->length);
    if (!object->to) fail();
}

void json_print(json_object *object) {
    const bool is_whole = !ferror(object->to);
    if (fclose(object->to) != 0 || !is_whole) fail();
    console_print("%s", object->text);
    free(object->text);
}
