/// JSON as nn-cli prints it.
#ifndef JSON_TEXT_H
#define JSON_TEXT_H

#include <stdio.h>

/// A text in quotes. Hidden characters are escaped; of bytes that are not UTF-8, each is shown as \\xE9.
void json_text(FILE *to, const char *text);

/// A number, by the fewest digits that give it back; null for NaN.
void json_real(FILE *to, double value);

/// "name":value and a comma
void json_member(FILE *to, const char *name, double value);

/// An object that is printed in one piece.
typedef struct json_object {
    FILE *to;
    char *text;
    size_t length;
} json_object;

void json_begin(json_object *object);
void json_print(json_object *object);

#endif
