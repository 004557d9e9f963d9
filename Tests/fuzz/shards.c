/// Sharded data sets: any files, and whole sets of which one byte was changed, or one end.
///
/// The files are in memory: nn-mpi's reader is compiled here, with other functions in place of the system's.
#include "fuzz.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILES = 4, MOST_FILE = 2048, MOST_EXAMPLES = 24, HEADER = 64 };

/// The manifest, then shards, which a name tells by its first letter.
static struct {
    uint8_t bytes[MOST_FILE];
    size_t size;
} files[FILES];

static int open_in_memory(const char *path, int flags) {
    const char *const name = strrchr(path, '/') + 1;
    REQUIRE(flags == (O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    if (strcmp(name, "manifest.txt") == 0) return 0;
    if (name[1] == 0 && name[0] >= 'a' && name[0] < 'a' + FILES - 1) return name[0] - 'a' + 1;
    errno = ENOENT;
    return -1;
}

static int look_at(int file, struct stat *to) {
    *to = (struct stat){.st_mode = file < FILES ? S_IFREG : S_IFDIR};
    if (file < FILES) to->st_size = (off_t)files[file].size;
    return 0;
}

static ssize_t read_from_memory(int file, void *to, size_t count, off_t at) {
    const size_t size = files[file].size, start = (size_t)at < size ? (size_t)at : size;
    if (count > size - start) count = size - start;
    if (count > 100) count = 100; // less than is asked for
    memcpy(to, files[file].bytes + start, count);
    return (ssize_t)count;
}

static int close_nothing(int file) { return (void)file, 0; }

#define open(path, flags)         open_in_memory(path, flags)
#define fstat(file, to)           look_at(file, to)
#define stat(path, to)            look_at(FILES, to)
#define pread(file, to, count, a) read_from_memory(file, to, count, a)
#define close(file)               close_nothing(file)
#include "dataset.c"
#undef open
#undef fstat
#undef stat
#undef pread
#undef close

// ---- What must hold ---------------------------------------------------------------------------------------

static void require_refusal(const dataset_error *error) {
    REQUIRE(error->exit_code == EXIT_BAD_DATA || error->exit_code == EXIT_MISSING);
    REQUIRE(strncmp(error->text, "set/", 4) == 0 && strlen(error->text) < sizeof error->text);
    for (const char *c = error->text; *c; c++) REQUIRE(*c >= ' ' && *c <= '~');
}

/// Of a set that was opened: each example is in one shard, and what the checksums say is true.
static void require_whole(const dataset *set) {
    uint64_t next = 0;
    REQUIRE(set->image_bytes == set->height * set->width * set->channels);
    for (uint32_t i = 0; i < set->shard_count; next += set->shards[i++].count)
        REQUIRE(set->shards[i].first == next && set->shards[i].count > 0);
    REQUIRE(next == set->examples);
    for (uint32_t i = 0; i < set->examples; i++) REQUIRE(set->labels[i] <= 1);
    REQUIRE(nnk_crc32(0, set->labels, set->examples) == set->labels_crc);
    REQUIRE(strcmp(set->class_names[0], set->class_names[1]) != 0);
}

/// Whether all images are what the checksums say, by a check and by reading them, which agree.
static bool has_images(const dataset *set) {
    dataset_error error;
    const size_t bytes = (size_t)set->examples * set->image_bytes;
    uint8_t *const images = room_for(bytes);
    const bool is_read = dataset_read(set, 0, set->examples, images, &error);
    if (is_read)
        REQUIRE(nnk_crc32(0, images, bytes) == set->images_crc);
    else
        require_refusal(&error);
    REQUIRE(dataset_check(set, 0, set->shard_count, &error) == is_read);
    if (is_read && set->examples > 2) {
        uint8_t *const part = room_for(bytes - 2 * set->image_bytes);
        REQUIRE(dataset_read(set, 1, set->examples - 2, part, &error));
        REQUIRE(memcmp(part, images + set->image_bytes, bytes - 2 * set->image_bytes) == 0);
        free(part);
    }
    free(images);
    return is_read;
}

/// Whether the files are a set.
static bool is_set(void) {
    dataset set;
    dataset_error error;
    if (!dataset_open(&set, "set", NULL, &error)) {
        require_refusal(&error);
        return false;
    }
    require_whole(&set);
    const bool is_whole = has_images(&set);
    dataset_close(&set);
    return is_whole;
}

// ---- Inputs -----------------------------------------------------------------------------------------------

/// Below MOST_FILE.
static size_t take_size(input *in) {
    const size_t low = take_below(in, 256);
    return low + 256 * (size_t)take_below(in, MOST_FILE / 256);
}

static void take_files(input *in) {
    for (uint32_t i = 0; i < FILES; i++) {
        files[i].size = take_size(in);
        if (files[i].size > in->count) files[i].size = in->count;
        take_bytes(in, files[i].bytes, files[i].size);
    }
}

static void add_line(const char *format, ...) {
    va_list values;
    va_start(values, format);
    files[0].size +=
        (size_t)vsnprintf((char *)files[0].bytes + files[0].size, MOST_FILE - files[0].size, format, values);
    va_end(values);
}

/// Makes a set of the input's sizes, labels and images.
static void make_set(input *in) {
    const uint32_t count = take_below(in, FILES - 1) + 1;
    dataset set = {.height = take_below(in, 3) + 1, .width = take_below(in, 4) + 1, .channels = 3};
    set.image_bytes = set.height * set.width * set.channels;
    set.examples = count + take_below(in, MOST_EXAMPLES - FILES);
    uint8_t labels[MOST_EXAMPLES], images[MOST_EXAMPLES * 36];
    take_bytes(in, labels, sizeof labels);
    for (uint32_t i = 0; i < set.examples; i++) labels[i] &= 1;
    take_bytes(in, images, sizeof images);
    files[0].size = 0;
    add_line("nn-shards 1\nexamples %" PRIu32 "\nimage %" PRIu32 " %" PRIu32 " 3\nclass a\nclass b\n",
             set.examples, set.height, set.width);
    add_line("labels %08" PRIx32 "\n", nnk_crc32(0, labels, set.examples));
    add_line("images %08" PRIx32 "\n", nnk_crc32(0, images, (size_t)set.examples * set.image_bytes));
    set.identity = nnk_crc32(0, files[0].bytes, files[0].size);
    add_line("set %08" PRIx32 "\n", set.identity);
    for (uint32_t i = count; i-- > 0;) {
        dataset_shard shard = {.first = set.examples * i / count};
        shard.count = set.examples * (i + 1) / count - shard.first;
        const size_t bytes = (size_t)shard.count * set.image_bytes;
        const uint8_t *const first_image = images + (size_t)shard.first * set.image_bytes;
        shard.labels_crc = nnk_crc32(0, labels + shard.first, shard.count);
        shard.images_crc = nnk_crc32(0, first_image, bytes);
        make_header(&set, &shard, files[i + 1].bytes);
        memcpy(files[i + 1].bytes + HEADER, labels + shard.first, shard.count);
        memcpy(files[i + 1].bytes + HEADER + shard.count, first_image, bytes);
        files[i + 1].size = HEADER + shard.count + bytes;
        add_line("shard %" PRIu32 " %" PRIu32 " %08" PRIx32 " %08" PRIx32 " %c\n", shard.first, shard.count,
                 shard.labels_crc, shard.images_crc, (int)('a' + i));
    }
    REQUIRE(files[0].size < MOST_FILE);
    for (uint32_t i = count; i < FILES - 1; i++) files[i + 1].size = 0;
}

/// Changes a byte, or the length of a file that the set needs.
static void damage(input *in) {
    uint32_t file = take_below(in, FILES);
    while (files[file].size == 0) file--;
    const size_t place = take_size(in) % files[file].size;
    const uint32_t change = take_below(in, 256);
    if (change > 0)
        files[file].bytes[place] ^= (uint8_t)change;
    else if (place > 0)
        files[file].size = place;
    else
        files[file].bytes[files[file].size++] = (uint8_t)take_below(in, 256);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count) {
    input in = {bytes, count};
    memset(files, 0, sizeof files);
    if (take_below(&in, 2) == 0) {
        take_files(&in);
        is_set();
        return 0;
    }
    make_set(&in);
    REQUIRE(is_set());
    damage(&in);
    REQUIRE(!is_set());
    return 0;
}
