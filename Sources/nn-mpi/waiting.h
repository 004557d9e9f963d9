/// What exchange.c needs of ranks.c: to wait without ever being stuck.
#ifndef WAITING_H
#define WAITING_H

#include <mpi.h>
#include <stdint.h>

enum { RANKS_DATA = 2 }; ///< the tag of all messages but heartbeats and failures

/// The first of the items of a rank.
uint32_t ranks_first(uint32_t items, int rank);

/// Ends the run if an MPI function has failed.
void ranks_check(int mpi_error);

/// Waits for all of the requests, with heartbeats.
void ranks_await(MPI_Request *requests, int count);

/// Memory, or the run ends.
void *ranks_memory(void *old, size_t bytes);

#endif
