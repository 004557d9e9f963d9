/// What rank 0 prints, as nn-cli does: answers to standard output, all else to standard error. Other ranks
/// are silent. A line that is said or answered shows no character that a terminal would obey.
#ifndef CONSOLE_H
#define CONSOLE_H

#include "exit_codes.h"
#include "options.h"

/// A line of the answer.
void console_answer(const char *format, ...) __attribute__((format(printf, 1, 2)));

/// Text of the answer, as it is: help, a JSON object.
void console_print(const char *format, ...) __attribute__((format(printf, 1, 2)));

/// A line that is always said.
void console_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/// "Error: " and the line.
void console_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/// A line that --quiet leaves out.
void console_note(const options *o, const char *format, ...) __attribute__((format(printf, 2, 3)));

/// A line that --verbose adds.
void console_detail(const options *o, const char *format, ...) __attribute__((format(printf, 2, 3)));

/// "0 bytes", "1 byte"
const char *counted(uint64_t number, const char *unit, char text[64]);

/// "12288-20-7-5-1"
const char *topology_text(const nnk_topology *t, char text[64]);

#endif
