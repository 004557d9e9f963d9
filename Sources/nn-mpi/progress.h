/// Lines that say how far a long run is, at least a second apart, as nn-cli prints them where standard error
/// is no terminal.
#ifndef PROGRESS_H
#define PROGRESS_H

#include "options.h"

typedef struct progress {
    const options *options;
    uint64_t total;
    const char *unit; ///< as in "1000 of 2500 iterations"; NULL: the total is 100, as in "40 %"
    double start, shown;
    uint32_t tenth;
} progress;

progress progress_begin(const options *o, uint64_t total, const char *unit);
void progress_update(progress *p, uint64_t done);

#endif
