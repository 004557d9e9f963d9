#include "data.h"

#include "console.h"
#include "interrupt.h"
#include "nnkernel/model.h"
#include "ranks.h"
#include <stdlib.h>

enum { PATIENCE = 120 }; ///< seconds for a file system that is busy

/// Hosts may see other folders under the same path.
static void check_identity(const dataset *set, const char *folder) {
    uint32_t first = set->identity;
    ranks_broadcast(&first, sizeof first, 0);
    if (first != set->identity)
        ranks_fail(EXIT_BAD_DATA, "%s: expected the data set that rank 0 finds there, got another one",
                   folder);
}

static void check_size(const dataset *set, const char *folder) {
    if (set->height != 64 || set->width != 64 || set->channels != 3)
        ranks_fail(EXIT_BAD_DATA, "%s: expected images of 64 x 64 RGB pixels, got %u x %u x %u", folder,
                   (unsigned)set->height, (unsigned)set->width, (unsigned)set->channels);
}

void data_open(dataset *set, const char *folder) {
    dataset_error error;
    ranks_be_patient(PATIENCE);
    if (!dataset_open(set, folder, interrupt_poll, &error)) ranks_fail(error.exit_code, "%s", error.text);
    ranks_be_patient(0);
    check_identity(set, folder);
    check_size(set, folder);
}

uint8_t *data_read(const dataset *set, uint32_t first, uint32_t count) {
    dataset_error error;
    uint8_t *images = memory_of((size_t)count * set->image_bytes);
    ranks_be_patient(PATIENCE);
    if (!dataset_read(set, first, count, images, &error)) ranks_fail(error.exit_code, "%s", error.text);
    ranks_be_patient(0);
    return images;
}

// ---- Parts ------------------------------------------------------------------------------------------------

/// Images of a rank.
typedef struct part {
    uint32_t count, crc;
} part;

static part part_of(const dataset *set, const uint8_t *images, uint32_t count) {
    part p = {.count = count};
    for (uint32_t i = 0; i < count; i++) {
        p.crc = nnk_crc32(p.crc, images + (size_t)i * set->image_bytes, set->image_bytes);
        interrupt_poll();
    }
    return p;
}

/// The checksum of the parts of all ranks, one after another.
static uint32_t crc_of_all(const dataset *set, part mine) {
    const uint32_t ranks = (uint32_t)ranks_count();
    part *parts = memory_of(ranks * sizeof *parts);
    uint32_t crc = 0;
    parts[ranks_rank()] = mine;
    ranks_gather_columns(parts, 1, ranks * sizeof *parts, sizeof *parts, ranks);
    for (uint32_t i = 0; i < ranks; i++)
        crc = nnk_crc32_joined(crc, parts[i].crc, (uint64_t)parts[i].count * set->image_bytes);
    free(parts);
    return crc;
}

/// Finds the rank and the shard that are damaged: each rank checks all shards of which it has images.
static _Noreturn void refuse_damaged(const dataset *set, uint32_t first, uint32_t count) {
    dataset_error error;
    uint8_t all_are_here = 0;
    ranks_be_patient(PATIENCE);
    for (uint32_t i = 0; i < set->shard_count; i++) {
        const dataset_shard *shard = &set->shards[i];
        const bool is_used = shard->first < first + count && first < shard->first + shard->count;
        if (is_used && !dataset_check(set, i, 1, &error)) ranks_fail(error.exit_code, "%s", error.text);
    }
    ranks_or(&all_are_here, 1);
    ranks_fail(EXIT_BAD_DATA, "%s: expected images that do not change while they are read", set->folder);
}

uint8_t *data_read_part(const dataset *set, uint32_t first, uint32_t count) {
    uint8_t *images = data_read(set, first, count);
    if (crc_of_all(set, part_of(set, images, count)) != set->images_crc) refuse_damaged(set, first, count);
    return images;
}
