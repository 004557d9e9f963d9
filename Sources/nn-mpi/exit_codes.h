/// Exit codes, as those of nn-cli.
#ifndef EXIT_CODES_H
#define EXIT_CODES_H

enum {
    EXIT_USAGE = 64,
    EXIT_BAD_DATA = 65,
    EXIT_MISSING = 66,
    EXIT_INTERNAL = 70,
    EXIT_IO = 74,
    EXIT_INTERRUPTED = 130
};

#endif
