#include "console.h"

#include "ranks.h"
#include "shown_text.h"
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { LINE_BYTES = 4096 };

/// A text is long gone to standard output, or the run ends.
static void flush_answer(void) {
    if (fflush(stdout) != 0 || ferror(stdout))
        ranks_fail(EXIT_IO, "stdout: %s; expected an output to write", strerror(errno));
}

/// Prints a line in one piece.
__attribute__((format(printf, 3, 0))) static void print_line(FILE *to, const char *before, const char *format,
                                                             va_list arguments) {
    char text[LINE_BYTES], shown[LINE_BYTES];
    if (ranks_rank() != 0) return;
    vsnprintf(text, sizeof text, format, arguments);
    shown_text(text, shown, sizeof shown);
    fprintf(to, "%s%s\n", before, shown);
    if (to == stdout) flush_answer();
}

void console_answer(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    print_line(stdout, "", format, arguments);
    va_end(arguments);
}

void console_print(const char *format, ...) {
    if (ranks_rank() != 0) return;
    va_list arguments;
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    flush_answer();
}

void console_say(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    print_line(stderr, "", format, arguments);
    va_end(arguments);
}

void console_error(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    print_line(stderr, "Error: ", format, arguments);
    va_end(arguments);
}

void console_note(const options *o, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    if (!o->quiet) print_line(stderr, "", format, arguments);
    va_end(arguments);
}

void console_detail(const options *o, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    if (o->verbose) print_line(stderr, "", format, arguments);
    va_end(arguments);
}

const char *counted(uint64_t number, const char *unit, char text[64]) {
    snprintf(text, 64, "%" PRIu64 " %s%s", number, unit, number == 1 ? "" : "s");
    return text;
}

const char *topology_text(const nnk_topology *t, char text[64]) {
    size_t length = 0;
    for (int32_t i = 0; i <= t->layers; i++)
        length += (size_t)snprintf(text + length, 64 - length, "%s%" PRId32, i ? "-" : "", t->size[i]);
    return text;
}
