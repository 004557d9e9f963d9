/// Ctrl-C, and SIGTERM as mpirun and Slurm send it, as a request that is looked at between slices of work.
#ifndef INTERRUPT_H
#define INTERRUPT_H

#include "options.h"
#include <stdbool.h>

/// From now on a signal is a request. The same signal once more ends the process at once. Notes that a pipe
/// is waited for are said as the options want it.
void interrupt_watch(const options *o);

bool interrupt_is_requested(void);

/// ranks_poll, in work of which nothing is kept: it also ends the run if that is requested.
void interrupt_poll(void);

/// Called each 0.1 s while a pipe gives nothing, or has no reader: a note says after a second which one is
/// waited for. Returns whether to wait on.
bool interrupt_waits_on(const char *path, unsigned *tenths);

#endif
