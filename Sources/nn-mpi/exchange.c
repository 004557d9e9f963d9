// What ranks exchange: bytes, columns and sums.
#include "memory.h"
#include "nnkernel/share.h"
#include "ranks.h"
#include "waiting.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum {
    PIECE_BYTES = 1 << 21, ///< of one exchange: what a processor's cache holds takes a third of the time
    LEAST_RING = 4,        ///< ranks from which on a ring of them is faster than a tree
    SMALL_BYTES = 1 << 13, ///< of all nodes: a rank rather adds up all by itself than exchanges twice
};

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

/// In place, OpenMPI 4.1 sends all bytes along a tree. From a copy, it lets each rank OR a part of them.
void ranks_or(void *bytes, size_t count) {
    if (ranks_count() == 1) return;
    char *copy = ranks_count() < LEAST_RING ? NULL : memory_of(smaller(PIECE_BYTES, count) + 1);
    for (size_t begin = 0; begin < count; begin += PIECE_BYTES) {
        char *piece = (char *)bytes + begin;
        const size_t some = smaller(PIECE_BYTES, count - begin);
        MPI_Request request;
        if (copy) memcpy(copy, piece, some);
        ranks_check(MPI_Iallreduce(copy ? copy : MPI_IN_PLACE, piece, (int)some, MPI_BYTE, MPI_BOR,
                                   MPI_COMM_WORLD, &request));
        ranks_exchange(&request, 1);
    }
    free(copy);
}

void ranks_broadcast(void *bytes, size_t count, int root) {
    if (ranks_count() == 1) return;
    for (size_t begin = 0; begin < count; begin += PIECE_BYTES) {
        MPI_Request request;
        ranks_check(MPI_Ibcast((char *)bytes + begin, (int)smaller(PIECE_BYTES, count - begin), MPI_BYTE,
                               root, MPI_COMM_WORLD, &request));
        ranks_exchange(&request, 1);
    }
}

// Columns

/// The requests of one exchange with all other ranks.
typedef struct requests {
    MPI_Request *all;
    int count;
} requests;

static requests requests_begin(void) {
    return (requests){.all = (MPI_Request *)memory_of(2 * (size_t)ranks_count() * sizeof(MPI_Request))};
}

static void requests_end(requests *r) {
    ranks_exchange(r->all, r->count);
    free((void *)r->all);
}

/// Columns of rows: `bytes` of each row, whose next one lies row_bytes further.
typedef struct columns {
    char *at;
    size_t rows, row_bytes, bytes;
} columns;

/// What a message of columns is to MPI.
typedef struct layout {
    int count;
    MPI_Datatype type;
} layout;

static layout layout_of(columns c) {
    if ((c.rows == 1 || c.bytes == c.row_bytes) && c.rows * c.bytes <= INT_MAX)
        return (layout){(int)(c.rows * c.bytes), MPI_BYTE}; // as of nearly all messages: no type is made
    layout l = {.count = 1};
    ranks_check(MPI_Type_create_hvector((int)c.rows, (int)c.bytes, (MPI_Aint)c.row_bytes, MPI_BYTE, &l.type));
    ranks_check(MPI_Type_commit(&l.type));
    return l;
}

/// The type may go while a request needs it.
static void layout_end(layout *l) {
    if (l->type != MPI_BYTE) ranks_check(MPI_Type_free(&l->type));
}

static void send_columns(requests *r, columns c, int to) {
    if (c.rows == 0 || c.bytes == 0) return;
    layout l = layout_of(c);
    ranks_check(MPI_Isend(c.at, l.count, l.type, to, TAG_DATA, MPI_COMM_WORLD, &r->all[r->count++]));
    layout_end(&l);
}

static void receive_columns(requests *r, columns c, int from) {
    if (c.rows == 0 || c.bytes == 0) return;
    layout l = layout_of(c);
    ranks_check(MPI_Irecv(c.at, l.count, l.type, from, TAG_DATA, MPI_COMM_WORLD, &r->all[r->count++]));
    layout_end(&l);
}

/// The columns of a rank's items.
static columns columns_of(void *at, size_t rows, size_t row_bytes, size_t item_bytes, uint32_t items,
                          int rank) {
    const size_t begin = smaller(ranks_first(items, rank) * item_bytes, row_bytes);
    const size_t end = smaller(ranks_first(items, rank + 1) * item_bytes, row_bytes);
    return (columns){.at = (char *)at + begin, .rows = rows, .row_bytes = row_bytes, .bytes = end - begin};
}

/// Calls `exchange` for all other ranks, the next one first, so that not all of them meet at one.
#define EACH_OTHER_RANK(r)                                                                                   \
    int r = (ranks_rank() + 1) % ranks_count();                                                              \
    r != ranks_rank();                                                                                       \
    r = (r + 1) % ranks_count()

void ranks_gather_columns(void *at, size_t rows, size_t row_bytes, size_t item_bytes, uint32_t items) {
    const columns mine = columns_of(at, rows, row_bytes, item_bytes, items, ranks_rank());
    requests r = requests_begin();
    for (EACH_OTHER_RANK(from))
        receive_columns(&r, columns_of(at, rows, row_bytes, item_bytes, items, from), from);
    for (EACH_OTHER_RANK(to)) send_columns(&r, mine, to);
    requests_end(&r);
}

// Sums

uint32_t ranks_first_shard(const ranks_sums *s, int rank) {
    if (s->examples >= s->shards) return ranks_first(s->shards, rank);
    // Each shard has one example or none, so one begins at the rank's first example.
    const uint64_t first = ranks_first(s->examples, rank);
    return (uint32_t)((first * s->shards + s->examples - 1) / s->examples);
}

static uint32_t shard_count(const ranks_sums *s, int rank) {
    return ranks_first_shard(s, rank + 1) - ranks_first_shard(s, rank);
}

/// How many nodes a rank has.
static size_t node_count(const ranks_sums *s, int rank) {
    return nnk_shard_nodes(s->shards, ranks_first_shard(s, rank), shard_count(s, rank));
}

static size_t nodes_of_all(const ranks_sums *s) {
    size_t nodes = 0;
    for (int rank = 0; rank < ranks_count(); rank++) nodes += node_count(s, rank);
    return nodes;
}

/// Adds up (nodes of all ranks, count) into the first row.
static void add_nodes(const ranks_sums *s, void *nodes, size_t count, int32_t real_bytes) {
    const int ranks = ranks_count();
    uint32_t *counts = memory_of((size_t)ranks * sizeof *counts);
    for (int r = 0; r < ranks; r++) counts[r] = shard_count(s, r);
    nnk_sum_nodes(s->shards, counts, (uint32_t)ranks, nodes, (uint32_t)count, real_bytes);
    free(counts);
}

static void add(void *sum, const void *x, size_t count, int32_t real_bytes) {
    if (real_bytes == 4) {
        for (size_t i = 0; i < count; i++) ((float *)sum)[i] += ((const float *)x)[i];
    } else {
        for (size_t i = 0; i < count; i++) ((double *)sum)[i] += ((const double *)x)[i];
    }
}

/// Each rank adds up a slice of the columns, of the nodes of all; then all get all slices.
static void sum_slices(const ranks_sums *s, char *nodes, uint32_t count, int32_t real_bytes) {
    const size_t real = (size_t)real_bytes, row = count * real;
    const size_t own_nodes = node_count(s, ranks_rank());
    const columns mine = columns_of(nodes, own_nodes, row, real, count, ranks_rank());
    char *all = memory_of(nodes_of_all(s) * mine.bytes + 1);
    requests r = requests_begin();
    char *next = all;
    for (int from = 0; from < ranks_count(); from++) {
        const columns theirs = {next, node_count(s, from), mine.bytes, mine.bytes};
        if (from != ranks_rank())
            receive_columns(&r, theirs, from);
        else
            for (size_t i = 0; i < own_nodes; i++)
                memcpy(next + i * mine.bytes, mine.at + i * row, mine.bytes);
        next += theirs.rows * theirs.bytes;
    }
    for (EACH_OTHER_RANK(to)) send_columns(&r, columns_of(nodes, own_nodes, row, real, count, to), to);
    requests_end(&r);
    add_nodes(s, all, mine.bytes / real, real_bytes);
    memcpy(mine.at, all, mine.bytes);
    free(all);
    ranks_gather_columns(nodes, 1, row, real, count);
}

/// Each rank gets the nodes of all and adds them up.
static void sum_small(const ranks_sums *s, char *nodes, uint32_t count, int32_t real_bytes) {
    const size_t row = count * (size_t)real_bytes;
    char *all = memory_of(nodes_of_all(s) * row + 1);
    requests r = requests_begin();
    const columns mine = {nodes, 1, 0, node_count(s, ranks_rank()) * row};
    char *next = all;
    for (int from = 0; from < ranks_count(); from++) {
        const columns theirs = {next, 1, 0, node_count(s, from) * row};
        if (from != ranks_rank())
            receive_columns(&r, theirs, from);
        else
            memcpy(next, nodes, mine.bytes);
        next += theirs.bytes;
    }
    for (EACH_OTHER_RANK(to)) send_columns(&r, mine, to);
    requests_end(&r);
    add_nodes(s, all, count, real_bytes);
    memcpy(nodes, all, row);
    free(all);
}

/// Each rank adds up its own nodes, and MPI the rest, in an order of its own.
static void sum_fast(const ranks_sums *s, char *nodes, uint32_t count, int32_t real_bytes) {
    const size_t own_nodes = node_count(s, ranks_rank());
    const size_t row = count * (size_t)real_bytes;
    if (own_nodes == 0) memset(nodes, 0, row);
    for (size_t i = 1; i < own_nodes; i++) add(nodes, nodes + i * row, count, real_bytes);
    MPI_Request request;
    ranks_check(MPI_Iallreduce(MPI_IN_PLACE, nodes, (int)count, real_bytes == 4 ? MPI_FLOAT : MPI_DOUBLE,
                               MPI_SUM, MPI_COMM_WORLD, &request));
    ranks_exchange(&request, 1);
}

void ranks_sum(void *context, void *nodes, uint32_t count, int32_t real_bytes) {
    const ranks_sums *s = context;
    if (s->fast)
        sum_fast(s, nodes, count, real_bytes);
    else if (nodes_of_all(s) * count * (size_t)real_bytes <= SMALL_BYTES)
        sum_small(s, nodes, count, real_bytes);
    else
        sum_slices(s, nodes, count, real_bytes);
}
