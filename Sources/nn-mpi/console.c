#define _POSIX_C_SOURCE 200809L // fileno, poll

#include "console.h"

#include "memory.h"
#include "ranks.h"
#include "shown_text.h"
#include "waiting.h"
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_BYTES = 4096 };

/// Prints a text, of which standard output has got all then, or the run ends. Who reads a pipe may take as
/// long as he likes: it is written to when it has room for a piece, so that this rank goes on to poll.
static void print_text(FILE *to, const char *text) {
    size_t some;
    for (size_t left = strlen(text); left > 0; left -= some, text += some) {
        struct pollfd file = {.fd = fileno(to), .events = POLLOUT};
        for (unsigned turn = 0; poll(&file, 1, 0) == 0; turn++) ranks_wait(turn);
        some = left < PIPE_BUF ? left : PIPE_BUF;
        if ((fprintf(to, "%.*s", (int)some, text) < 0 || fflush(to) != 0) && to == stdout)
            ranks_fail(EXIT_IO, "stdout: %s; expected an output to write", strerror(errno));
    }
}

/// Prints a line in one piece.
__attribute__((format(printf, 3, 0))) static void print_line(FILE *to, const char *before, const char *format,
                                                             va_list arguments) {
    char text[LINE_BYTES], shown[LINE_BYTES], line[LINE_BYTES + 16];
    if (ranks_rank() != 0) return;
    vsnprintf(text, sizeof text, format, arguments);
    shown_text(text, shown, sizeof shown);
    snprintf(line, sizeof line, "%s%s\n", before, shown);
    print_text(to, line);
}

void console_answer(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    print_line(stdout, "", format, arguments);
    va_end(arguments);
}

void console_print(const char *format, ...) {
    va_list arguments;
    if (ranks_rank() != 0) return;
    va_start(arguments, format);
    const int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    char *text = memory_of((size_t)length + 1);
    va_start(arguments, format);
    vsnprintf(text, (size_t)length + 1, format, arguments);
    va_end(arguments);
    print_text(stdout, text);
    free(text);
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
