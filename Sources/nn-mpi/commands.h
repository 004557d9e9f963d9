/// The commands. Each is called on all ranks, and returns the exit code, the same one on all.
#ifndef COMMANDS_H
#define COMMANDS_H

#include "options.h"

int train(const options *o);
int cross_validate(const options *o);

#endif
