// What processes that share one training exchange: results of slices, and nodes of the tree of sums
// (share.h).
#include "nnkernel/share.h"
#include "arena.h"

// ---- The dual ---------------------------------------------------------------------------------------------

/// Where the slices of a phase leave their results, from its first slice on. No rows: this is not shared.
static nnk_results results_of(const nnk_job *job, const arena *a) {
    const size_t units = (size_t)job->topology->size[1], real = nnk_real_bytes(job), block = NNK_LANES * real;
    const bool is_wide = job->method->number == NNK_DUAL_WIDE;
    if (a->trainer->phase == GRAM) return (nnk_results){a->gram, 1, nnk_columns(job) * a->row, 0};
    if (is_wide && a->trainer->phase == PROJECT) return (nnk_results){a->logits, units, a->row, block};
    if (is_wide && a->trainer->phase == DESCENT) // D lies behind P
        return (nnk_results){a->logits, 2 * units, a->row, block};
    if (is_wide && a->trainer->phase == EXPAND)
        return (nnk_results){a->parameters, 1, (size_t)job->topology->size[0] * units * real,
                             NNK_PATCH * units * real};
    return (nnk_results){0};
}

nnk_status nnk_train_results(const nnk_job *job, void *memory, nnk_results *results) {
    if (!results) return NNK_E_ARGUMENT;
    const nnk_status status = nnk_check_trainer(job, memory);
    if (status != NNK_OK) return status;
    if (nnk_train_parallel(job, memory) == 0) return NNK_E_STATE;
    arena a;
    nnk_carve(job, memory, &a);
    *results = results_of(job, &a);
    if (results->rows == 0) return NNK_E_STATE;
    const size_t done = a.trainer->item * results->item_bytes;
    results->at = (uint8_t *)results->at + done;
    if (results->rows == 1) results->row_bytes -= done;
    return NNK_OK;
}

// ---- The primal -------------------------------------------------------------------------------------------

uint32_t nnk_shard_start(uint32_t examples, uint32_t shards, uint32_t shard) {
    return shards > 0 ? (uint32_t)((uint64_t)examples * shard / shards) : 0;
}

/// Shards of the largest node that begins with shard `first` and ends at `end` or before.
static uint32_t node_size(uint32_t first, uint32_t end) {
    uint32_t size = 1;
    while (!(first & size) && size <= (end - first) / 2) size *= 2;
    return size;
}

uint32_t nnk_shard_nodes(uint32_t shards, uint32_t first, uint32_t count) {
    uint32_t nodes = 0;
    if (first > shards || count > shards - first) return 0;
    for (const uint32_t end = first + count; first < end; first += node_size(first, end)) nodes++;
    return nodes;
}

/// x += y.
static void add(void *x_, const void *y_, size_t count, int32_t real_bytes) {
    if (real_bytes == 4) {
        float *x = x_;
        const float *y = y_;
        for (size_t i = 0; i < count; i++) x[i] += y[i];
    } else {
        double *x = x_;
        const double *y = y_;
        for (size_t i = 0; i < count; i++) x[i] += y[i];
    }
}

/// Behind `height` nodes lies that of `size` shards from `first` on. Adds up those that belong together, and
/// returns how many there are then.
///   begin: the first shard of the first node
static uint32_t join(uint8_t *nodes, uint32_t height, size_t count, int32_t real_bytes, uint32_t begin,
                     uint32_t first, uint32_t size) {
    const size_t bytes = count * (size_t)real_bytes;
    uint8_t *node = nodes + height * bytes;
    // The shards in front of `first` that make a sibling are one node, as they were joined before.
    for (; first & size && first - begin >= size; first -= size, size *= 2, height--, node -= bytes)
        add(node - bytes, node, count, real_bytes);
    return height + 1;
}

void nnk_sum_nodes(uint32_t shards, const uint32_t *counts, uint32_t processes, void *nodes, uint32_t count,
                   int32_t real_bytes) {
    const size_t bytes = (size_t)count * (size_t)real_bytes;
    const uint8_t *next = nodes;
    uint32_t height = 0, first = 0;
    for (uint32_t i = 0; i < processes && counts[i] <= shards - first; i++)
        for (uint32_t size, end = first + counts[i]; first < end; first += size, next += bytes) {
            uint8_t *node = (uint8_t *)nodes + height * bytes;
            size = node_size(first, end);
            if (node != next) memcpy(node, next, bytes);
            height = join(nodes, height, count, real_bytes, 0, first, size);
        }
}
