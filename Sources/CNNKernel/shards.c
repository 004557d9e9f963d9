// The tree of sums over shards of examples (share.h).
#include "shards.h"
#include "phases.h"

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
static void add_node(void *x_, const void *y_, size_t count, size_t bytes) {
    if (bytes == sizeof(float)) {
        float *x = x_;
        const float *y = y_;
        for (size_t i = 0; i < count; i++) x[i] += y[i];
    } else {
        double *x = x_;
        const double *y = y_;
        for (size_t i = 0; i < count; i++) x[i] += y[i];
    }
}

/// Behind `height` nodes lies that of `size` leaves from leaf `first` on. Adds up those that belong together,
/// and returns how many there are then.
///   begin: the first leaf of the first node
static uint32_t join(nnk_real *nodes, uint32_t height, size_t count, size_t bytes, uint32_t begin,
                     uint32_t first, uint32_t size) {
    const size_t node_bytes = count * bytes;
    uint8_t *node = (uint8_t *)nodes + height * node_bytes;
    // The leaves in front of `first` that make a sibling are one node, as they were joined before.
    for (; first & size && first - begin >= size; first -= size, size *= 2, height--, node -= node_bytes)
        add_node(node - node_bytes, node, count, bytes);
    return height + 1;
}

void nnk_sum_nodes(uint32_t shards, const uint32_t *counts, uint32_t processes, void *nodes, uint32_t count,
                   int32_t real_bytes) {
    const size_t bytes = (size_t)real_bytes;
    const uint8_t *next = nodes;
    uint32_t height = 0, first = 0;
    for (uint32_t i = 0; i < processes && counts[i] <= shards - first; i++)
        for (uint32_t size, end = first + counts[i]; first < end; first += size, next += count * bytes) {
            uint8_t *node = (uint8_t *)nodes + height * count * bytes;
            size = node_size(first, end);
            if (node != next) memcpy(node, next, count * bytes);
            height = join(nodes, height, count, bytes, 0, first, size);
        }
}

// ---- Of one process ---------------------------------------------------------------------------------------

/// The depth of the tree, whose leaves are those of all processes.
static uint32_t depth(const nnk_job *job) {
    uint32_t levels = 0;
    while (job->shards >> levels > 1) levels++;
    return levels + nnk_is_mirrored(job);
}

/// Nodes that wait for their neighbours, at most, and the one that is next.
static uint32_t most_nodes(const nnk_job *job) { return (nnk_share_of(job) ? 2 : 1) * depth(job) + 1; }

size_t nnk_bytes_of_nodes(const nnk_job *job) {
    const nnk_topology *t = job->topology;
    size_t most = (size_t)t->size[1] * NNK_PATCH;
    for (int32_t l = 2; l <= t->layers; l++) most = NNK_LARGER(most, (size_t)t->size[l] * NNK_SPAN);
    return NNK_ROUND_TO_CACHE_LINE(most_nodes(job) * most * nnk_real_bytes(job));
}

/// The examples of a leaf.
static nnk_part part_of(const nnk_job *job, uint32_t leaf) {
    const uint32_t is_mirrored = nnk_is_mirrored(job), shard = leaf >> is_mirrored;
    const uint32_t first = nnk_shard_start(job->examples, job->shards, shard),
                   end = nnk_shard_start(job->examples, job->shards, shard + 1),
                   mirrors = leaf & is_mirrored ? nnk_images_here(job) : 0;
    return (nnk_part){first - nnk_first_here(job) + mirrors, end - first, first};
}

nnk_status nnk_sum_of_shards(const nnk_job *job, const arena *a, size_t count, size_t bytes, nnk_terms *terms,
                             const void *what) {
    const nnk_share *share = nnk_share_of(job);
    const uint32_t is_mirrored = nnk_is_mirrored(job), shards_here = share ? share->count : job->shards,
                   begin = (share ? share->first : 0) << is_mirrored;
    uint32_t height = 0;
    for (uint32_t leaf = begin; leaf < begin + (shards_here << is_mirrored); leaf++) {
        nnk_real *node = (nnk_real *)(void *)((uint8_t *)a->nodes + height * count * bytes);
        NNK_ASSERT(height < most_nodes(job) && (height + 1) * count * bytes <= nnk_bytes_of_nodes(job));
        memset(node, 0, count * bytes);
        if (terms(job, a, part_of(job, leaf), what, node) != NNK_OK) return NNK_E_SOURCE;
        height = join(a->nodes, height, count, bytes, begin, leaf, 1);
    }
    if (share) share->sum(share->context, a->nodes, (uint32_t)count, (int32_t)bytes);
    return NNK_OK;
}
