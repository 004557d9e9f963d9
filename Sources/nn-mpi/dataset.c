#define _POSIX_C_SOURCE   200809L
#define _FILE_OFFSET_BITS 64

#include "dataset.h"
#include "exit_codes.h"
#include "nnkernel/model.h"
#include "shown_text.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    MOST_MANIFEST_BYTES = 1 << 24,
    MOST_IMAGE_BYTES = 65535, // inputs of a network
    PATH_BYTES = 4096,
    PIECE_BYTES = 1 << 16, // that are read between two polls
    HEADER_BYTES = 64,
    CRC_AT = 60
};

static const char MANIFEST[] = DATASET_MANIFEST;
static const uint8_t MAGIC[] = {0x8e, 0x4e,         0x4e, 0x73,
                                1,    HEADER_BYTES, 0,    0}; // with version and header bytes

// ---- Messages ---------------------------------------------------------------------------------------------

/// Sets the error: the file, or the folder if `file` is NULL, and the reason. Returns false.
__attribute__((format(printf, 5, 6))) static bool
fail(dataset_error *error, int exit_code, const dataset *set, const char *file, const char *format, ...) {
    char reason[512];
    va_list values;
    va_start(values, format);
    vsnprintf(reason, sizeof reason, format, values);
    va_end(values);
    error->exit_code = exit_code;
    // Of a long path the end is left out, so that the reason has room.
    snprintf(error->text, sizeof error->text, "%.400s%s%s: %s", set->folder, file ? "/" : "",
             file ? file : "", reason);
    return false;
}

static bool no_memory(dataset_error *error, const dataset *set, uint64_t bytes) {
    return fail(error, EXIT_INTERNAL, set, NULL, "the system does not give %" PRIu64 " bytes of memory",
                bytes);
}

/// Whether the error says nothing about the file.
static bool is_failure_of_system(int number) {
    return number == EIO || number == EMFILE || number == ENFILE || number == ENOMEM || number == EINTR ||
           number == ESTALE;
}

static bool cannot_open(dataset_error *error, const dataset *set, const char *file, const char *expected) {
    const int number = errno;
    return fail(error, is_failure_of_system(number) ? EXIT_IO : EXIT_MISSING, set, file, "%s; expected %s",
                number == ENOENT ? "no such file" : strerror(number), expected);
}

// ---- Files ------------------------------------------------------------------------------------------------

/// A file that is open: its name in the folder, and what it should be.
typedef struct source {
    int descriptor;
    const char *file, *expected;
    uint64_t size;
} source;

/// Opens a regular file of the set's folder; a pipe is not waited for.
static bool open_file(const dataset *set, source *s, dataset_error *error) {
    char path[PATH_BYTES];
    struct stat there;
    if (set->poll) set->poll();
    const int length = snprintf(path, sizeof path, "%s/%s", set->folder, s->file);
    errno = ENAMETOOLONG;
    s->descriptor = length < PATH_BYTES ? open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC) : -1;
    if (s->descriptor < 0) return cannot_open(error, set, s->file, s->expected);
    const bool is_known = fstat(s->descriptor, &there) == 0;
    if (is_known && S_ISREG(there.st_mode)) {
        s->size = (uint64_t)there.st_size;
        return true;
    }
    if (is_known)
        fail(error, EXIT_MISSING, set, s->file, "%s; expected %s",
             S_ISDIR(there.st_mode) ? "a folder" : "a pipe or a device", s->expected);
    else
        cannot_open(error, set, s->file, s->expected);
    close(s->descriptor);
    return false;
}

/// Reads bytes [at, at + count), which the file had when it was opened, and takes them into the checksum.
///
/// to: NULL: the checksum is all that is wanted
static bool read_bytes(const dataset *set, const source *s, uint64_t at, uint64_t count, uint8_t *to,
                       uint32_t *crc, dataset_error *error) {
    uint8_t piece[PIECE_BYTES];
    while (count > 0) {
        uint8_t *bytes = to ? to : piece;
        const ssize_t some =
            pread(s->descriptor, bytes, count < PIECE_BYTES ? (size_t)count : PIECE_BYTES, (off_t)at);
        if (some < 0 && errno == EINTR) continue;
        if (some < 0)
            return fail(error, EXIT_IO, set, s->file, "%s; expected %s", strerror(errno), s->expected);
        if (some == 0)
            return fail(error, EXIT_IO, set, s->file, "a file that shrinks while it is read; expected %s",
                        s->expected);
        *crc = nnk_crc32(*crc, bytes, (size_t)some);
        if (set->poll) set->poll();
        if (to) to += some;
        at += (uint64_t)some;
        count -= (uint64_t)some;
    }
    return true;
}

// ---- The manifest -----------------------------------------------------------------------------------------

/// What is left of a manifest, and the set that is read from it.
typedef struct manifest {
    const char *at, *end;
    const char *line; ///< where the line begins that is read
    uint32_t number;  ///< of this line, from 1
    dataset *set;
    dataset_error *error;
} manifest;

/// Takes `word` if it comes next.
static bool take(manifest *in, const char *word) {
    const size_t length = strlen(word);
    if ((size_t)(in->end - in->at) < length || memcmp(in->at, word, length) != 0) return false;
    in->at += length;
    return true;
}

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Takes a decimal number without leading zeros.
static bool take_number(manifest *in, uint32_t *number) {
    const char *const first = in->at;
    uint64_t n = 0;
    for (; in->at < in->end && is_digit(*in->at); in->at++) {
        n = 10 * n + (uint64_t)(*in->at - '0');
        if (n > UINT32_MAX) return false;
    }
    *number = (uint32_t)n;
    return in->at > first && (*first != '0' || in->at == first + 1);
}

/// Takes eight hexadecimal digits.
static bool take_crc(manifest *in, uint32_t *crc) {
    *crc = 0;
    for (int i = 0; i < 8; i++, in->at++) {
        if (in->at == in->end) return false;
        const char c = *in->at;
        if (!is_digit(c) && !(c >= 'a' && c <= 'f')) return false;
        *crc = *crc << 4 | (uint32_t)(is_digit(c) ? c - '0' : c - 'a' + 10);
    }
    return true;
}

/// Takes the rest of the line, or of the file: at least one byte, less than `room`, none of them zero.
static bool take_rest(manifest *in, char *to, size_t room) {
    const size_t left = (size_t)(in->end - in->at);
    const char *end = memchr(in->at, '\n', left < room ? left : room);
    if (!end && left < room) end = in->end;
    if (!end || end == in->at || memchr(in->at, 0, (size_t)(end - in->at))) return false;
    const size_t length = (size_t)(end - in->at);
    memcpy(to, in->at, length);
    to[length] = 0;
    in->at = end;
    return true;
}

/// Whether a byte may be in a file's name: none that leads to another folder, or that a terminal obeys.
static bool is_plain(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c && strchr("._-", c));
}

static bool take_file(manifest *in, char file[DATASET_FILE_BYTES]) {
    if (!take_rest(in, file, DATASET_FILE_BYTES) || file[0] == '.') return false;
    for (const char *c = file; *c; c++)
        if (!is_plain(*c)) return false;
    return true;
}

/// Whether the text is UTF-8 without hidden characters, and more than spaces.
static bool is_name(const char *text) {
    bool is_seen = false;
    uint32_t code = 0;
    for (size_t bytes; *text; text += bytes) {
        bytes = character_bytes(text, &code);
        if (bytes == 0 || is_hidden(code)) return false;
        is_seen |= code != ' ';
    }
    return is_seen;
}

/// Whether two names differ, and in more than spaces at the end, which are padding in HDF5.
static bool differ(const char *a, const char *b) {
    while (*a && *a == *b) a++, b++;
    return a[strspn(a, " ")] || b[strspn(b, " ")];
}

/// Ends a line. is_right: whether all before its end was taken
static bool end_line(manifest *in, bool is_right, const char *expected) {
    if (is_right && take(in, "\n")) {
        in->line = in->at;
        in->number++;
        return true;
    }
    char found[160] = "the end of the file";
    size_t length = 0;
    for (const char *c = in->line; c < in->end && *c != '\n' && length + 4 < sizeof found; c++) {
        const char *const form = *c >= ' ' && *c <= '~' ? "%c" : "\\x%02X";
        length += (size_t)snprintf(found + length, sizeof found - length, form, (uint8_t)*c);
    }
    if (in->line < in->end) found[length] = 0;
    if (is_right && in->at == in->end)
        return fail(in->error, EXIT_BAD_DATA, in->set, MANIFEST,
                    "expected a line feed at the end of line %" PRIu32 ", got the end of the file",
                    in->number);
    return fail(in->error, EXIT_BAD_DATA, in->set, MANIFEST,
                "expected line %" PRIu32 " to be \"%s\", got %s%s%s", in->number, expected,
                in->line < in->end ? "\"" : "", found, in->line < in->end ? "\"" : "");
}

static bool take_class(manifest *in, uint32_t label) {
    char *const name = in->set->class_names[label];
    return take(in, "class ") && take_rest(in, name, DATASET_NAME_BYTES) && is_name(name);
}

static bool take_image(manifest *in) {
    dataset *const set = in->set;
    if (!take(in, "image ") || !take_number(in, &set->height) || !take(in, " ") ||
        !take_number(in, &set->width) || !take(in, " ") || !take_number(in, &set->channels))
        return false;
    if (set->height > MOST_IMAGE_BYTES || set->width > MOST_IMAGE_BYTES) return false;
    const uint64_t bytes = (uint64_t)set->height * set->width * set->channels; // below 2^64
    set->image_bytes = (uint32_t)bytes;
    return bytes > 0 && bytes <= MOST_IMAGE_BYTES;
}

/// Reads the lines before those of shards.
static bool read_head(manifest *in) {
    static const char class_line[] = "class NAME (1 to 31 printable bytes)";
    dataset *const set = in->set;
    const char *const start = in->at;
    if (!end_line(in, take(in, "nn-shards 1"), "nn-shards 1") ||
        !end_line(in, take(in, "examples ") && take_number(in, &set->examples) && set->examples > 0,
                  "examples COUNT (1 or more)") ||
        !end_line(in, take_image(in), "image ROWS COLUMNS CHANNELS (1 to 65535 bytes)") ||
        !end_line(in, take_class(in, 0), class_line) || !end_line(in, take_class(in, 1), class_line) ||
        !end_line(in, take(in, "labels ") && take_crc(in, &set->labels_crc), "labels CHECKSUM") ||
        !end_line(in, take(in, "images ") && take_crc(in, &set->images_crc), "images CHECKSUM"))
        return false;
    const uint32_t crc = nnk_crc32(0, (const uint8_t *)start, (size_t)(in->line - start));
    if (!end_line(in, take(in, "set ") && take_crc(in, &set->identity), "set CHECKSUM")) return false;
    if (set->identity != crc)
        return fail(in->error, EXIT_BAD_DATA, set, MANIFEST,
                    "expected the checksum %08" PRIx32 " of the lines above line 8, got %08" PRIx32,
                    set->identity, crc);
    if (!differ(set->class_names[0], set->class_names[1]))
        return fail(in->error, EXIT_BAD_DATA, set, MANIFEST, "expected two class names, got one twice");
    return true;
}

static bool read_shard_line(manifest *in, dataset_shard *shard) {
    return end_line(in,
                    take(in, "shard ") && take_number(in, &shard->first) && take(in, " ") &&
                        take_number(in, &shard->count) && shard->count > 0 && take(in, " ") &&
                        take_crc(in, &shard->labels_crc) && take(in, " ") &&
                        take_crc(in, &shard->images_crc) && take(in, " ") && take_file(in, shard->file),
                    "shard FIRST COUNT CHECKSUM CHECKSUM FILE (COUNT 1 or more, FILE of A-Z a-z 0-9 . _ -)");
}

static int compare_shards(const void *a, const void *b) {
    const dataset_shard *const x = a, *const y = b;
    return x->first != y->first ? (x->first < y->first ? -1 : 1) : strcmp(x->file, y->file);
}

/// Reads the lines of shards, and sorts them.
static bool read_shards(manifest *in) {
    dataset *const set = in->set;
    // A line that is accepted has 30 bytes or more; one more may be refused.
    const size_t bytes = ((size_t)(in->end - in->at) / 30 + 1) * sizeof *set->shards;
    set->shards = malloc(bytes);
    if (!set->shards) return no_memory(in->error, set, bytes);
    while (in->at < in->end)
        if (!read_shard_line(in, &set->shards[set->shard_count++])) return false;
    qsort(set->shards, set->shard_count, sizeof *set->shards, compare_shards);
    return true;
}

/// Whether the shards, sorted, have each example once, and the checksums of the whole.
static bool check_shards(const dataset *set, dataset_error *error) {
    uint64_t next = 0;
    uint32_t labels = 0, images = 0;
    for (uint32_t i = 0; i < set->shard_count; i++) {
        const dataset_shard *const shard = &set->shards[i];
        if (shard->first > next) break;
        if (shard->first < next)
            return fail(error, EXIT_BAD_DATA, set, MANIFEST,
                        "expected each example in one shard, got example %" PRIu32 " in %s and in %s",
                        shard->first, shard[-1].file, shard->file);
        next += shard->count;
        labels = nnk_crc32_joined(labels, shard->labels_crc, shard->count);
        images = nnk_crc32_joined(images, shard->images_crc, (uint64_t)shard->count * set->image_bytes);
    }
    if (next < set->examples)
        return fail(error, EXIT_BAD_DATA, set, MANIFEST,
                    "expected a shard with example %" PRIu64 ", got none", next);
    if (next > set->examples)
        return fail(error, EXIT_BAD_DATA, set, MANIFEST,
                    "expected shards of %" PRIu32 " examples, got %" PRIu64, set->examples, next);
    if (labels != set->labels_crc || images != set->images_crc)
        return fail(error, EXIT_BAD_DATA, set, MANIFEST,
                    "expected the checksums %08" PRIx32 " and %08" PRIx32
                    " of all labels and images, got shards that have %08" PRIx32 " and %08" PRIx32,
                    set->labels_crc, set->images_crc, labels, images);
    return true;
}

static bool read_manifest(dataset *set, dataset_error *error) {
    source s = {.file = MANIFEST, .expected = "the manifest of a sharded data set"};
    uint32_t crc = 0;
    if (!open_file(set, &s, error)) return false;
    uint8_t *const text = s.size <= MOST_MANIFEST_BYTES ? calloc((size_t)s.size + 1, 1) : NULL;
    bool is_read = false;
    if (s.size > MOST_MANIFEST_BYTES)
        fail(error, EXIT_BAD_DATA, set, MANIFEST, "expected at most %d bytes, got %" PRIu64,
             MOST_MANIFEST_BYTES, s.size);
    else if (!text)
        no_memory(error, set, s.size);
    else
        is_read = read_bytes(set, &s, 0, s.size, text, &crc, error);
    close(s.descriptor);
    const char *const start = (const char *)text;
    manifest in = {.number = 1, .set = set, .error = error};
    if (is_read) {
        in.at = in.line = start;
        in.end = start + s.size;
        is_read = read_head(&in) && read_shards(&in);
    }
    free(text);
    return is_read && check_shards(set, error);
}

// ---- Shards -----------------------------------------------------------------------------------------------

static void put_u16(uint8_t *to, uint32_t number) {
    to[0] = (uint8_t)number;
    to[1] = (uint8_t)(number >> 8);
}

static void put_u32(uint8_t *to, uint32_t number) {
    put_u16(to, number);
    put_u16(to + 2, number >> 16);
}

static uint32_t u32_at(const uint8_t *bytes) {
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

/// The header that a shard must have (docs/FORMAT.md).
static void make_header(const dataset *set, const dataset_shard *shard, uint8_t header[HEADER_BYTES]) {
    memset(header, 0, HEADER_BYTES);
    memcpy(header, MAGIC, sizeof MAGIC);
    put_u32(header + 8, set->identity);
    put_u32(header + 12, set->examples);
    put_u32(header + 16, shard->first);
    put_u32(header + 20, shard->count);
    put_u16(header + 24, set->height);
    put_u16(header + 26, set->width);
    put_u16(header + 28, set->channels);
    put_u32(header + 32, shard->labels_crc);
    put_u32(header + 36, shard->images_crc);
    put_u32(header + CRC_AT, nnk_crc32(0, header, CRC_AT));
}

/// Says in what a header differs from the one that is expected.
static bool wrong_header(const dataset *set, const dataset_shard *shard, const uint8_t *found,
                         dataset_error *error) {
    const uint32_t crc = nnk_crc32(0, found, CRC_AT);
    if (memcmp(found, MAGIC, 4) != 0)
        return fail(error, EXIT_BAD_DATA, set, shard->file, "expected a shard, got another kind of file");
    if (u32_at(found + CRC_AT) != crc)
        return fail(error, EXIT_BAD_DATA, set, shard->file,
                    "expected the checksum %08" PRIx32 " of the header, got %08" PRIx32,
                    u32_at(found + CRC_AT), crc);
    if (found[4] != MAGIC[4])
        return fail(error, EXIT_BAD_DATA, set, shard->file, "expected a shard of version %d, got version %d",
                    MAGIC[4], found[4]);
    if (u32_at(found + 8) != set->identity)
        return fail(error, EXIT_BAD_DATA, set, shard->file,
                    "expected a shard of the set %08" PRIx32 ", got one of the set %08" PRIx32, set->identity,
                    u32_at(found + 8));
    if (u32_at(found + 16) != shard->first || u32_at(found + 20) != shard->count)
        return fail(error, EXIT_BAD_DATA, set, shard->file,
                    "expected %" PRIu32 " examples from example %" PRIu32 " on, got %" PRIu32
                    " from example %" PRIu32 " on",
                    shard->count, shard->first, u32_at(found + 20), u32_at(found + 16));
    if (u32_at(found + 32) != shard->labels_crc || u32_at(found + 36) != shard->images_crc)
        return fail(error, EXIT_BAD_DATA, set, shard->file,
                    "expected the checksums %08" PRIx32 " and %08" PRIx32
                    " of labels and images, got %08" PRIx32 " and %08" PRIx32,
                    shard->labels_crc, shard->images_crc, u32_at(found + 32), u32_at(found + 36));
    return fail(error, EXIT_BAD_DATA, set, shard->file,
                "expected a header of the set's number of examples and image size, got another");
}

static uint64_t images_at(const dataset_shard *shard) { return HEADER_BYTES + (uint64_t)shard->count; }

/// Whether an open shard has the header and the length that it should have.
static bool is_shard(const dataset *set, const dataset_shard *shard, const source *s, dataset_error *error) {
    uint8_t header[HEADER_BYTES], found[HEADER_BYTES];
    uint32_t crc = 0;
    const uint64_t bytes = images_at(shard) + (uint64_t)shard->count * set->image_bytes;
    if (s->size >= HEADER_BYTES) {
        if (!read_bytes(set, s, 0, HEADER_BYTES, found, &crc, error)) return false;
        make_header(set, shard, header);
        if (memcmp(header, found, HEADER_BYTES) != 0) return wrong_header(set, shard, found, error);
    }
    if (s->size != bytes)
        return fail(error, EXIT_BAD_DATA, set, shard->file, "expected %" PRIu64 " bytes, got %" PRIu64, bytes,
                    s->size);
    return true;
}

static bool open_shard(const dataset *set, const dataset_shard *shard, source *s, dataset_error *error) {
    *s = (source){.file = shard->file, .expected = "a shard of the set"};
    if (!open_file(set, s, error)) return false;
    if (is_shard(set, shard, s, error)) return true;
    close(s->descriptor);
    return false;
}

/// Compares the checksum of what was read of a shard.
static bool is_intact(const dataset *set, const dataset_shard *shard, const char *what, uint32_t expected,
                      uint32_t found, dataset_error *error) {
    return expected == found ||
           fail(error, EXIT_BAD_DATA, set, shard->file,
                "expected the checksum %08" PRIx32 " of its %s, got %08" PRIx32, expected, what, found);
}

static bool read_labels(const dataset *set, const dataset_shard *shard, dataset_error *error) {
    source s;
    uint32_t crc = 0;
    uint8_t *const labels = set->labels + shard->first;
    if (!open_shard(set, shard, &s, error)) return false;
    const bool is_read = read_bytes(set, &s, HEADER_BYTES, shard->count, labels, &crc, error);
    close(s.descriptor);
    if (!is_read || !is_intact(set, shard, "labels", shard->labels_crc, crc, error)) return false;
    for (uint32_t i = 0; i < shard->count; i++)
        if (labels[i] > 1)
            return fail(error, EXIT_BAD_DATA, set, shard->file,
                        "expected labels 0 and 1, got %d of example %" PRIu32, labels[i], shard->first + i);
    return true;
}

/// Looks at all shards before it takes memory for the labels that they have.
static bool read_all_labels(dataset *set, dataset_error *error) {
    source s;
    for (uint32_t i = 0; i < set->shard_count; i++) {
        if (!open_shard(set, &set->shards[i], &s, error)) return false;
        close(s.descriptor);
    }
    set->labels = malloc(set->examples);
    if (!set->labels) return no_memory(error, set, set->examples);
    for (uint32_t i = 0; i < set->shard_count; i++)
        if (!read_labels(set, &set->shards[i], error)) return false;
    return true;
}

/// Reads images [first, first + count) of a shard. to: NULL: their checksum is all that is wanted
static bool read_images(const dataset *set, const dataset_shard *shard, uint32_t first, uint32_t count,
                        uint8_t *to, dataset_error *error) {
    source s;
    uint32_t crc = 0;
    if (!open_shard(set, shard, &s, error)) return false;
    const bool is_read = read_bytes(set, &s, images_at(shard) + (uint64_t)first * set->image_bytes,
                                    (uint64_t)count * set->image_bytes, to, &crc, error);
    close(s.descriptor);
    return is_read &&
           (count < shard->count || is_intact(set, shard, "images", shard->images_crc, crc, error));
}

// ---- The set ----------------------------------------------------------------------------------------------

static bool is_folder(const dataset *set, dataset_error *error) {
    static const char expected[] = "the folder of a sharded data set";
    struct stat there;
    if (stat(set->folder, &there) != 0)
        return errno == ENOENT ? fail(error, EXIT_MISSING, set, NULL, "no such folder; expected %s", expected)
                               : cannot_open(error, set, NULL, expected);
    return S_ISDIR(there.st_mode) || fail(error, EXIT_MISSING, set, NULL, "a file; expected %s", expected);
}

bool dataset_open(dataset *set, const char *folder, void (*poll)(void), dataset_error *error) {
    const size_t bytes = strlen(folder) + 1;
    *set = (dataset){.poll = poll, .folder = malloc(bytes)};
    if (!set->folder) {
        *error = (dataset_error){EXIT_INTERNAL, "the system gives no memory for the path of the data set"};
        return false;
    }
    memcpy(set->folder, folder, bytes);
    if (is_folder(set, error) && read_manifest(set, error) && read_all_labels(set, error)) return true;
    dataset_close(set);
    return false;
}

void dataset_close(dataset *set) {
    free(set->folder);
    free(set->shards);
    free(set->labels);
    *set = (dataset){0};
}

bool dataset_check(const dataset *set, uint32_t first, uint32_t count, dataset_error *error) {
    for (uint32_t i = first; i < first + count; i++)
        if (!read_images(set, &set->shards[i], 0, set->shards[i].count, NULL, error)) return false;
    return true;
}

bool dataset_read(const dataset *set, uint32_t first, uint32_t count, uint8_t *images, dataset_error *error) {
    for (uint32_t i = 0; i < set->shard_count && count > 0; i++) {
        const dataset_shard *const shard = &set->shards[i];
        const uint32_t skipped = first - shard->first; // of the shard, if it has the first image
        if (first < shard->first || skipped >= shard->count) continue;
        const uint32_t left = shard->count - skipped, some = count < left ? count : left;
        if (!read_images(set, shard, skipped, some, images, error)) return false;
        images += (size_t)some * set->image_bytes;
        first += some;
        count -= some;
    }
    return true;
}
