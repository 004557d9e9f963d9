#include "commands.h"
#include "console.h"

int cross_validate(const options *o) {
    (void)o;
    console_error("cross-validate: not there yet");
    return EXIT_INTERNAL;
}
