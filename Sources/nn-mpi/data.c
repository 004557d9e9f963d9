#include "data.h"

#include "console.h"
#include "ranks.h"

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
    if (!dataset_open(set, folder, ranks_poll, &error)) ranks_fail(error.exit_code, "%s", error.text);
    check_identity(set, folder);
    check_size(set, folder);
    uint32_t first, count;
    ranks_share(set->shard_count, &first, &count);
    if (!dataset_check(set, first, count, &error)) ranks_fail(error.exit_code, "%s", error.text);
}

uint8_t *data_read(const dataset *set, uint32_t first, uint32_t count) {
    dataset_error error;
    uint8_t *images = memory_of((size_t)count * set->image_bytes);
    if (!dataset_read(set, first, count, images, &error)) ranks_fail(error.exit_code, "%s", error.text);
    return images;
}
