/// Ctrl-C, and SIGTERM as mpirun and Slurm send it, as a request that is looked at between slices of work.
#ifndef INTERRUPT_H
#define INTERRUPT_H

#include <stdbool.h>

/// From now on a signal is a request. The same signal once more ends the process at once.
void interrupt_watch(void);

bool interrupt_is_requested(void);

/// ranks_poll, in work of which nothing is kept: it also ends the run if that is requested.
void interrupt_poll(void);

#endif
