/// Text as terminals and people may be shown it.
#ifndef SHOWN_TEXT_H
#define SHOWN_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// The text in which the bytes of hidden characters, and bytes that are not UTF-8, are written as \xE9. What
/// does not fit is left out.
void shown_text(const char *text, char *shown, size_t bytes);

/// How many bytes the first character of UTF-8 has; 0 if the bytes are none.
size_t character_bytes(const char *text, uint32_t *code);

/// Whether a character acts on others, on terminals or on lines: Unicode's categories Cc, Cf, Zl, Zp and Co,
/// and noncharacters.
bool is_hidden(uint32_t code);

#endif
