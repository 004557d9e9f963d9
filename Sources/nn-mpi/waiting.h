/// What those who exchange something need of ranks.c: to wait without ever being stuck.
#ifndef WAITING_H
#define WAITING_H

#include <mpi.h>
#include <stdint.h>

/// The tags of messages.
enum {
    TAG_WATCH = 1, ///< heartbeats and failures
    TAG_DATA,
    TAG_QUESTION, ///< for a number (hand_out.h)
    TAG_ANSWER,
};

/// The first of the items of a rank.
uint32_t ranks_first(uint32_t items, int rank);

/// Ends the run if an MPI function has failed.
void ranks_check(int mpi_error);

/// A turn of a loop that waits: other processes may run. Who has waited for about a millisecond sleeps
/// between turns.
void ranks_wait(unsigned turn);

/// Waits for all of the requests, with heartbeats.
void ranks_await(MPI_Request *requests, int count);

/// The same for what all ranks exchange, in the same order. Once all have come, it ends within 20 seconds, or
/// the run does: so it moves few megabytes.
void ranks_exchange(MPI_Request *requests, int count);

#endif
