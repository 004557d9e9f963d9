/// A sharded data set (docs/FORMAT.md): a folder with manifest.txt and the shards that it names.
///
/// Nothing here knows of ranks. The files are not trusted: whatever they hold, a function fails with one
/// message, and memory is taken only for bytes that are there. A set is never changed once it is open, so
/// threads may read from it at a time.
#ifndef DATASET_H
#define DATASET_H

#include <stdbool.h>
#include <stdint.h>

/// Why a function failed. The message may hold any bytes of the folder's path; all else in it is printable.
typedef struct dataset_error {
    int exit_code;   ///< 65: bad data, 66: no such file, 70: no memory, 74: a read failed
    char text[1024]; ///< one line: file, expected, found
} dataset_error;

#define DATASET_MANIFEST "manifest.txt" ///< in the folder

enum {
    DATASET_FILE_BYTES = 64, ///< of a shard's file name, with the zero at its end
    DATASET_NAME_BYTES = 32  ///< of a class name, the same
};

typedef struct dataset_shard {
    uint32_t first, count; ///< its examples are [first, first + count) of the whole
    uint32_t labels_crc, images_crc;
    char file[DATASET_FILE_BYTES]; ///< its name in the folder
} dataset_shard;

typedef struct dataset {
    uint32_t identity; ///< the same for all processes that have opened the same set
    uint32_t examples; ///< m, 1 or more
    uint32_t height, width, channels;
    uint32_t image_bytes;                    ///< height x width x channels, at most 65535
    uint32_t labels_crc, images_crc;         ///< CRC-32 of all labels, and of all images in order
    char class_names[2][DATASET_NAME_BYTES]; ///< UTF-8 without control characters
    uint32_t shard_count;
    dataset_shard *shards; ///< in the order of their examples, without gaps
    uint8_t *labels;       ///< of all examples: 0 or 1
    char *folder;
    void (*poll)(void);
} dataset;

/// Opens a set, and checks all but the images: the manifest, each shard's length and header, that the shards
/// are of this set and have each example once, and the labels.
///
/// poll: is called at least once for each megabyte that is read and for each file, here and in the functions
/// below; may be NULL
bool dataset_open(dataset *set, const char *folder, void (*poll)(void), dataset_error *error);

/// Frees what dataset_open took. A set that could not be opened holds nothing.
void dataset_close(dataset *set);

/// Reads all bytes of the images of shards [first, first + count), and compares their checksums.
bool dataset_check(const dataset *set, uint32_t first, uint32_t count, dataset_error *error);

/// Reads the images of examples [first, first + count), one after another. The checksum of a shard is
/// compared if all of its images are among them; those of the others are for the caller to check.
bool dataset_read(const dataset *set, uint32_t first, uint32_t count, uint8_t *images, dataset_error *error);

#endif
