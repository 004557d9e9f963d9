/// Numbers as text, as nn-cli prints them.
#ifndef NUMBER_TEXT_H
#define NUMBER_TEXT_H

#include <stddef.h>

enum { NUMBER_TEXT_BYTES = 32 }; ///< room for any double, with the zero at its end

/// The fewest digits that give the same double when they are read: 0.0075, 1e-05, 200.0, inf, nan.
char *number_text(double value, char text[NUMBER_TEXT_BYTES]);

/// The same for JSON, where whole numbers have no ".0". The value is finite.
char *json_number(double value, char text[NUMBER_TEXT_BYTES]);

#endif
