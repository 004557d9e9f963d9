/// The processes of one run, called ranks, and all that they exchange, by MPI.
///
/// All ranks call the functions that exchange something, in the same order. None of them fails: a rank that
/// is lost, or from which nothing comes for 15 seconds, ends the run with one message. For that, a rank that
/// computes calls ranks_poll between its slices of work. One thread of a rank calls all of these functions.
#ifndef RANKS_H
#define RANKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Starts MPI. The first call of the program.
void ranks_begin(int *argc, char ***argv);

/// Waits until all ranks have come here, and ends MPI. The program then exits with that code.
void ranks_end(int exit_code);

int ranks_rank(void);
int ranks_count(void);

/// This rank's part of [0, items).
void ranks_share(uint32_t items, uint32_t *first, uint32_t *count);

/// Sends and receives heartbeats when they are due. At least every 0.2 seconds: it is cheap.
void ranks_poll(void);

/// From now on this rank may be silent for as many seconds, if that is longer than 15: for what cannot call
/// ranks_poll, such as fsync. 0: as usual again.
void ranks_be_patient(int seconds);

/// Ends the run on all ranks: prints "nn-mpi: rank 3 on HOST: " and the text, once, and exits with that code.
/// If several ranks fail at a time, one of them has the word.
_Noreturn void ranks_fail(int exit_code, const char *format, ...) __attribute__((format(printf, 2, 3)));

/// bytes |= those of all other ranks, on all ranks.
void ranks_or(void *bytes, size_t count);

/// Rows of row_bytes, of which each rank has the columns of its items, [first, first + count) times
/// item_bytes (ranks_share): all ranks get all columns. The last item may be cut by the end of the row.
void ranks_gather_columns(void *at, size_t rows, size_t row_bytes, size_t item_bytes, uint32_t items);

void ranks_broadcast(void *bytes, size_t count, int root);

/// What ranks_sum is told about the job.
typedef struct ranks_sums {
    uint32_t shards, examples; ///< of the whole
    bool fast;                 ///< by MPI_Allreduce, in any order: the bits may depend on ranks
} ranks_sums;

/// The first shard of a rank. The shards are shared evenly; but where there are fewer examples than shards,
/// the examples are. So each rank has an example if there are as many examples and shards as ranks.
uint32_t ranks_first_shard(const ranks_sums *s, int rank);

/// nnk_share.sum. context: a ranks_sums
void ranks_sum(void *context, void *nodes, uint32_t count, int32_t real_bytes);

#endif
