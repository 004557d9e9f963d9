/// JSON as nn-cli prints it.
#ifndef JSON_TEXT_H
#define JSON_TEXT_H

#include <stdio.h>

/// A text in quotes. Hidden characters are escaped; of bytes that are not UTF-8, each is shown as \\xE9.
void json_text(FILE *to, const char *text);

/// A finite number, by the fewest digits that give it back.
void json_real(FILE *to, double value);

#endif
