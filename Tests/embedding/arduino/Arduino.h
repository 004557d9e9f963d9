/// The part of Arduino that the sketch needs to run on the test machine.
#include <math.h>
#include <stdint.h>
#include <stdio.h>

struct Line {
    void begin(unsigned long) {}
    void print(const char *text) { fputs(text, stdout); }
    void println(const char *text) { puts(text); }
    void println(double x, int digits) { printf("%.*f\n", digits, x); }
};
static Line Serial;

void setup();
void loop();
