// What ranks exchange, and how they fail:
//
//     mpirun -n RANKS test_ranks exchanges    bytes, columns and sums, compared with those of one process
//     mpirun -n RANKS test_ranks fails RANK   that rank ends the run with exit code 65
//     mpirun -n RANKS test_ranks fail         all ranks do
//     mpirun -n RANKS test_ranks hangs RANK   that rank does nothing more
//     mpirun -n RANKS test_ranks hang COUNT   the first ranks, as many, do nothing more
//     mpirun -n RANKS test_ranks lags RANK    that rank comes to an exchange 25 s after the others
//     mpirun -n RANKS test_ranks wait         all ranks but 0 wait for data that nobody sends
#define _POSIX_C_SOURCE 200809L // pause

#include "ranks.h"
#include "waiting.h"

#include "nnkernel/share.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

// ---- Exchanges --------------------------------------------------------------------------------------------

static uint8_t byte_at(size_t row, size_t place) { return (uint8_t)(3 * row + 7 * place + place / 251 + 1); }

static void check_or(size_t count) {
    uint8_t *bytes = calloc(count + 1, 1);
    for (size_t i = (size_t)ranks_rank(); i < count; i += (size_t)ranks_count()) bytes[i] = byte_at(0, i);
    ranks_or(bytes, count);
    for (size_t i = 0; i < count; i++)
        if (bytes[i] != byte_at(0, i)) ranks_fail(1, "or of %zu bytes: byte %zu", count, i);
    if (bytes[count] != 0) ranks_fail(1, "or of %zu bytes: writes behind them", count);
    free(bytes);
}

static void check_broadcast(size_t count, int root) {
    uint8_t *bytes = calloc(count + 1, 1);
    for (size_t i = 0; i < count; i++) bytes[i] = ranks_rank() == root ? byte_at(1, i) : 0;
    ranks_broadcast(bytes, count, root);
    for (size_t i = 0; i < count; i++)
        if (bytes[i] != byte_at(1, i)) ranks_fail(1, "broadcast of %zu bytes: byte %zu", count, i);
    free(bytes);
}

static void check_columns(size_t rows, size_t row_bytes, size_t item_bytes) {
    const uint32_t items = (uint32_t)((row_bytes + item_bytes - 1) / item_bytes);
    uint8_t *table = calloc(rows, row_bytes);
    uint32_t first, count;
    ranks_share(items, &first, &count);
    for (size_t y = 0; y < rows; y++)
        for (size_t x = first * item_bytes; x < (first + count) * item_bytes && x < row_bytes; x++)
            table[y * row_bytes + x] = byte_at(y, x);
    ranks_gather_columns(table, rows, row_bytes, item_bytes, items);
    for (size_t y = 0; y < rows; y++)
        for (size_t x = 0; x < row_bytes; x++)
            if (table[y * row_bytes + x] != byte_at(y, x))
                ranks_fail(1, "columns of (%zu, %zu bytes): row %zu, byte %zu", rows, row_bytes, y, x);
    free(table);
}

/// Leaves whose sum depends on the order.
static double leaf_at(uint32_t shard, uint32_t place) {
    return ldexp(1 + shard % 7 / 7.0, (int)((shard * 5 + place) % 23));
}

/// The sum over shards [first, first + count), a node of the tree, in reals of that size.
static double node_at(uint32_t first, uint32_t count, uint32_t place, int32_t real_bytes) {
    if (count == 1) return real_bytes == 4 ? (float)leaf_at(first, place) : leaf_at(first, place);
    const double a = node_at(first, count / 2, place, real_bytes);
    const double b = node_at(first + count / 2, count / 2, place, real_bytes);
    return real_bytes == 4 ? (float)a + (float)b : a + b;
}

static void put(void *reals, size_t i, int32_t real_bytes, double value) {
    if (real_bytes == 4)
        ((float *)reals)[i] = (float)value;
    else
        ((double *)reals)[i] = value;
}

static double get(const void *reals, size_t i, int32_t real_bytes) {
    return real_bytes == 4 ? ((const float *)reals)[i] : ((const double *)reals)[i];
}

/// This rank's nodes: each is the largest that begins where the one before ends.
static void *own_nodes(uint32_t shards, uint32_t count, int32_t real_bytes) {
    uint32_t begin, held, size;
    ranks_share(shards, &begin, &held);
    const uint32_t end = begin + held, rows = nnk_shard_nodes(shards, begin, held);
    void *nodes = calloc((size_t)rows + 1, count * (size_t)real_bytes);
    uint32_t row = 0;
    for (uint32_t first = begin; first < end; first += size, row++) {
        for (size = shards; first % size != 0 || size > end - first;) size /= 2;
        for (uint32_t i = 0; i < count; i++)
            put(nodes, (size_t)row * count + i, real_bytes, node_at(first, size, i, real_bytes));
    }
    if (row != rows) ranks_fail(1, "nodes of %u shards: %u, not %u", shards, row, rows);
    return nodes;
}

/// In any order, a sum of n positive reals is off by n units of its last place at most.
static void check_sum(uint32_t shards, uint32_t count, int32_t real_bytes, bool fast) {
    ranks_sums sums = {.shards = shards, .examples = shards, .fast = fast};
    void *nodes = own_nodes(shards, count, real_bytes);
    const double tolerance = fast ? shards * (real_bytes == 4 ? 0x1p-23 : 0x1p-52) : 0;
    ranks_sum(&sums, nodes, count, real_bytes);
    for (uint32_t i = 0; i < count; i++) {
        const double expected = node_at(0, shards, i, real_bytes), found = get(nodes, i, real_bytes);
        if (!(fabs(found - expected) <= tolerance * expected))
            ranks_fail(1, "sum of %u shards, %u reals of %d bytes: expected %.17g at %u, got %.17g", shards,
                       count, real_bytes, expected, i, found);
    }
    free(nodes);
}

static void check_exchanges(void) {
    for (size_t count = 0; count < 20; count++) check_or(count);
    check_or(5000001); // more than one piece
    check_broadcast(0, 0);
    check_broadcast(5000001, ranks_count() - 1);
    check_columns(1, 1, 1);
    check_columns(1, 1000003, 4096);
    check_columns(40, 77777, 768);
    check_columns(7, 100, 16);
    for (uint32_t shards = 1; shards <= 64; shards *= 2)
        for (int32_t real_bytes = 4; real_bytes <= 8; real_bytes += 4)
            for (int fast = 0; fast < 2; fast++) {
                check_sum(shards, 1, real_bytes, fast);
                check_sum(shards, 7, real_bytes, fast);
                check_sum(shards, 3001, real_bytes, fast);
            }
}

// ---- Failures ---------------------------------------------------------------------------------------------

static _Noreturn void fail(void) { ranks_fail(65, "a file\033: expected this, got that"); }

static _Noreturn void hang(void) {
    for (;;) pause();
}

static void lag(void) {
    for (const time_t begin = time(NULL); time(NULL) - begin < 25;) ranks_poll();
}

static void wait_in_vain(void) {
    enum { TAG_OF_NOTHING = 99 };
    char byte;
    MPI_Request receiving;
    MPI_Irecv(&byte, 1, MPI_BYTE, 0, TAG_OF_NOTHING, MPI_COMM_WORLD, &receiving);
    ranks_exchange(&receiving, 1);
}

// ---- All --------------------------------------------------------------------------------------------------

typedef struct test {
    const char *word;
    void (*run)(void);
    enum { ALL, OTHERS_THAN_0, NAMED, BELOW } ranks; ///< that run it
} test;

static const test tests[] = {
    {"exchanges", check_exchanges, ALL},
    {"fails", fail, NAMED},
    {"fail", fail, ALL},
    {"hangs", hang, NAMED},
    {"hang", hang, BELOW},
    {"lags", lag, NAMED},
    {"wait", wait_in_vain, OTHERS_THAN_0},
};

static bool is_for_this_rank(const test *t, int number) {
    const int rank = ranks_rank();
    switch (t->ranks) {
    case ALL: return true;
    case OTHERS_THAN_0: return rank > 0;
    case NAMED: return rank == number;
    case BELOW: return rank < number;
    }
    return false;
}

int main(int count, char **words) {
    ranks_begin(&count, &words);
    const char *word = count > 1 ? words[1] : "nothing";
    const test *t = tests, *const end = tests + sizeof tests / sizeof *tests;
    while (t < end && strcmp(t->word, word) != 0) t++;
    if (t == end) ranks_fail(64, "expected a test, got %s", word);
    if (is_for_this_rank(t, count > 2 ? atoi(words[2]) : 0)) t->run();
    check_or(1);
    ranks_end(0);
}
