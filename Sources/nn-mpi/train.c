#include "commands.h"
#include "console.h"

int train(const options *o) {
    (void)o;
    console_error("train: not there yet");
    return EXIT_INTERNAL;
}
