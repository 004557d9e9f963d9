// Sharded data sets, written here byte by byte, damaged in every way, and read by nn-mpi's reader.
#define _POSIX_C_SOURCE 200809L

#include "check.h"
#include "dataset.h"

#include <sys/stat.h>
#include <unistd.h>

enum { EXAMPLES = 10, SHARDS = 3, IMAGE_BYTES = 12, HEADER = 64, MOST_BYTES = 4096 };

static const uint32_t firsts[SHARDS + 1] = {0, 3, 4, EXAMPLES};
static const char *const names[SHARDS] = {"shard-00000.nns", "shard-00001.nns", "b.nns"};

/// What a folder holds: the manifest's two parts, and shards.
typedef struct bundle {
    char head[MOST_BYTES];
    char lines[SHARDS][160];
    uint8_t shards[SHARDS][MOST_BYTES];
    uint32_t bytes[SHARDS];
} bundle;

static char folder[] = "/tmp/nn-dataset-XXXXXX";
static uint8_t labels[EXAMPLES], images[EXAMPLES * IMAGE_BYTES];

/// Bit by bit: another way than the core's.
static uint32_t crc_of(const void *bytes, size_t count) {
    uint32_t crc = ~0u;
    for (size_t i = 0; i < count; i++) {
        crc ^= ((const uint8_t *)bytes)[i];
        for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ ((crc & 1) ? 0xedb88320u : 0);
    }
    return ~crc;
}

static void put(uint8_t *to, uint32_t number, int bytes) {
    for (int i = 0; i < bytes; i++) to[i] = (uint8_t)(number >> 8 * i);
}

static uint32_t get(const uint8_t *from) {
    return (uint32_t)from[0] | (uint32_t)from[1] << 8 | (uint32_t)from[2] << 16 | (uint32_t)from[3] << 24;
}

static void finish_header(uint8_t *header) { put(header + 60, crc_of(header, 60), 4); }

static void make_shard(bundle *b, uint32_t i, uint32_t identity) {
    const uint32_t first = firsts[i], count = firsts[i + 1] - first;
    uint8_t *const s = b->shards[i];
    memset(s, 0, HEADER);
    memcpy(s, "\x8eNNs\1\x40", 6);
    put(s + 8, identity, 4);
    put(s + 12, EXAMPLES, 4);
    put(s + 16, first, 4);
    put(s + 20, count, 4);
    put(s + 24, 2, 2);
    put(s + 26, 2, 2);
    put(s + 28, 3, 2);
    memcpy(s + HEADER, labels + first, count);
    memcpy(s + HEADER + count, images + first * IMAGE_BYTES, (size_t)count * IMAGE_BYTES);
    put(s + 32, crc_of(s + HEADER, count), 4);
    put(s + 36, crc_of(s + HEADER + count, (size_t)count * IMAGE_BYTES), 4);
    finish_header(s);
    b->bytes[i] = HEADER + count * (1 + IMAGE_BYTES);
    snprintf(b->lines[i], sizeof b->lines[i], "shard %u %u %08x %08x %s\n", (unsigned)first, (unsigned)count,
             (unsigned)get(s + 32), (unsigned)get(s + 36), names[i]);
}

/// The head of a manifest with these lines, which get their identity.
static uint32_t make_head(bundle *b, const char *lines) {
    const uint32_t identity = crc_of(lines, strlen(lines));
    snprintf(b->head, sizeof b->head, "%sset %08x\n", lines, (unsigned)identity);
    return identity;
}

static uint32_t make_usual_head(bundle *b, const char *class_0, const char *class_1) {
    char lines[1000];
    snprintf(lines, sizeof lines,
             "nn-shards 1\nexamples %d\nimage 2 2 3\nclass %s\nclass %s\nlabels %08x\nimages %08x\n",
             EXAMPLES, class_0, class_1, (unsigned)crc_of(labels, EXAMPLES),
             (unsigned)crc_of(images, sizeof images));
    return make_head(b, lines);
}

static bundle make_bundle(void) {
    static bundle b;
    const uint32_t identity = make_usual_head(&b, "non-cat", "chat \xc3\xa9tonn\xc3\xa9");
    for (uint32_t i = 0; i < SHARDS; i++) make_shard(&b, i, identity);
    return b;
}

// ---- Files ------------------------------------------------------------------------------------------------

static const char *path_of(const char *name) {
    static char path[200];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

/// A new file in place of the old one: some file systems write one that becomes empty to the disk at once.
static void write_file(const char *name, const void *bytes, size_t count) {
    unlink(path_of(name));
    FILE *const file = fopen(path_of(name), "wb");
    if (!file || fwrite(bytes, 1, count, file) != count || fclose(file) != 0) {
        printf("%s cannot be written\n", path_of(name));
        exit(1);
    }
}

static void write_manifest(const bundle *b, const uint32_t *order, uint32_t count) {
    char text[2 * MOST_BYTES];
    size_t length = (size_t)snprintf(text, sizeof text, "%s", b->head);
    for (uint32_t i = 0; i < count; i++)
        length += (size_t)snprintf(text + length, sizeof text - length, "%s", b->lines[order[i]]);
    write_file("manifest.txt", text, length);
}

static void write_bundle(const bundle *b) {
    write_manifest(b, (uint32_t[]){0, 1, 2}, SHARDS);
    for (uint32_t i = 0; i < SHARDS; i++) write_file(names[i], b->shards[i], b->bytes[i]);
}

// ---- What is read -----------------------------------------------------------------------------------------

static unsigned polls;
static void count_poll(void) { polls++; }

static void check_set(const dataset *set) {
    dataset_error error;
    uint8_t read[sizeof images + 1];
    CHECK_EQUAL(set->examples, EXAMPLES);
    CHECK_EQUAL(set->height, 2);
    CHECK_EQUAL(set->width, 2);
    CHECK_EQUAL(set->channels, 3);
    CHECK_EQUAL(set->image_bytes, IMAGE_BYTES);
    CHECK_EQUAL(set->labels_crc, crc_of(labels, EXAMPLES));
    CHECK_EQUAL(set->images_crc, crc_of(images, sizeof images));
    CHECK(strcmp(set->class_names[0], "non-cat") == 0);
    CHECK(strcmp(set->class_names[1], "chat \xc3\xa9tonn\xc3\xa9") == 0);
    CHECK_SAME(set->labels, labels, EXAMPLES);
    CHECK_EQUAL(set->shard_count, SHARDS);
    for (uint32_t i = 0; i < SHARDS; i++) {
        CHECK_EQUAL(set->shards[i].first, firsts[i]);
        CHECK_EQUAL(set->shards[i].count, firsts[i + 1] - firsts[i]);
        CHECK(strcmp(set->shards[i].file, names[i]) == 0);
        CHECK(dataset_check(set, i, SHARDS - i, &error));
    }
    for (uint32_t first = 0; first <= EXAMPLES; first++)
        for (uint32_t count = 0; first + count <= EXAMPLES; count++) {
            memset(read, 0xaa, sizeof read);
            CHECK(dataset_read(set, first, count, read, &error));
            CHECK_SAME(read, images + first * IMAGE_BYTES, (size_t)count * IMAGE_BYTES);
            CHECK_EQUAL(read[count * IMAGE_BYTES], 0xaa);
        }
}

static void test_reading(void) {
    const bundle b = make_bundle();
    dataset set;
    dataset_error error;
    write_bundle(&b);
    for (uint32_t i = 0; i < 6; i++) {
        const uint32_t order[] = {i / 2, (i / 2 + 1 + i % 2) % 3, (i / 2 + 2 - i % 2) % 3};
        write_manifest(&b, order, SHARDS);
        polls = 0;
        if (CHECK(dataset_open(&set, folder, count_poll, &error))) {
            CHECK(polls >= 2 * SHARDS + 1);
            check_set(&set);
        }
        dataset_close(&set);
        CHECK(set.shards == NULL && set.labels == NULL && set.folder == NULL);
    }
    CHECK(dataset_open(&set, folder, NULL, &error));
    dataset_close(&set);
}

/// The set is refused, with this exit code. Returns the reason behind the file's name, or NULL.
static const char *refusal(int exit_code, const char *file, int line) {
    static dataset_error error;
    dataset set;
    error = (dataset_error){0};
    const bool is_open = dataset_open(&set, folder, NULL, &error);
    if (is_open) dataset_close(&set);
    if (!check_that(!is_open, __FILE__, line, "the set is refused")) return "";
    check_equal(error.exit_code, exit_code, __FILE__, line, "the exit code");
    const char *const path = path_of(file);
    const bool is_named = strncmp(error.text, path, strlen(path)) == 0 && error.text[strlen(path)] == ':';
    if (!check_that(is_named, __FILE__, line, "the message names the file")) printf("    %s\n", error.text);
    return is_named ? error.text + strlen(path) + 2 : "";
}

static void check_reason(const char *found, const char *expected, int line) {
    if (!check_that(strcmp(found, expected) == 0, __FILE__, line, "the reason"))
        printf("    %s\n    expected: %s\n", found, expected);
}

#define REFUSED(exit_code, file, reason) check_reason(refusal(exit_code, file, __LINE__), reason, __LINE__)

static bool opens(void) {
    dataset set;
    dataset_error error;
    if (!dataset_open(&set, folder, NULL, &error)) return false;
    dataset_close(&set);
    return true;
}

// ---- Damage -----------------------------------------------------------------------------------------------

static void test_cut_and_longer(void) {
    const bundle b = make_bundle();
    char text[2 * MOST_BYTES];
    write_bundle(&b);
    const size_t length =
        (size_t)snprintf(text, sizeof text, "%s%s%s%s", b.head, b.lines[0], b.lines[1], b.lines[2]);
    for (size_t bytes = 0; bytes < length; bytes++) {
        write_file("manifest.txt", text, bytes);
        refusal(65, "manifest.txt", __LINE__);
    }
    write_file("manifest.txt", text, length + 1);
    REFUSED(65, "manifest.txt",
            "expected line 12 to be \"shard FIRST COUNT CHECKSUM CHECKSUM FILE (COUNT 1 or more, FILE of A-Z "
            "a-z 0-9 "
            ". _ -)\", got \"\\x00\"");
    write_file("manifest.txt", text, length - 1);
    REFUSED(65, "manifest.txt", "expected a line feed at the end of line 11, got the end of the file");
    write_bundle(&b);
    for (uint32_t i = 0; i < SHARDS; i++) {
        for (uint32_t bytes = 0; bytes < b.bytes[i]; bytes++) {
            write_file(names[i], b.shards[i], bytes);
            refusal(65, names[i], __LINE__);
        }
        write_file(names[i], b.shards[i], b.bytes[i] + 1);
        refusal(65, names[i], __LINE__);
        write_file(names[i], b.shards[i], b.bytes[i]);
    }
    write_file(names[1], b.shards[1], 30);
    REFUSED(65, names[1], "expected 77 bytes, got 30");
    write_file(names[1], b.shards[1], 78);
    REFUSED(65, names[1], "expected 77 bytes, got 78");
}

/// A bit of an image is found when its shard is checked or read as a whole, and no other is refused for it.
static void check_image_bit(uint32_t damaged) {
    dataset set;
    dataset_error error;
    uint8_t read[sizeof images];
    if (!CHECK(dataset_open(&set, folder, NULL, &error))) return;
    for (uint32_t i = 0; i < SHARDS; i++) {
        CHECK(dataset_check(&set, i, 1, &error) == (i != damaged));
        CHECK(dataset_read(&set, firsts[i], firsts[i + 1] - firsts[i], read, &error) == (i != damaged));
    }
    CHECK(!dataset_read(&set, 0, EXAMPLES, read, &error));
    CHECK_EQUAL(error.exit_code, 65);
    CHECK(strstr(error.text, names[damaged]) && strstr(error.text, "of its images, got"));
    dataset_close(&set);
}

static void test_bits(void) {
    const bundle b = make_bundle();
    char text[2 * MOST_BYTES];
    write_bundle(&b);
    const size_t length =
        (size_t)snprintf(text, sizeof text, "%s%s%s%s", b.head, b.lines[0], b.lines[1], b.lines[2]);
    for (size_t bit = 0; bit < 8 * length; bit++) {
        text[bit / 8] = (char)(text[bit / 8] ^ 1 << bit % 8);
        write_file("manifest.txt", text, length);
        CHECK(!opens());
        text[bit / 8] = (char)(text[bit / 8] ^ 1 << bit % 8);
    }
    write_bundle(&b);
    for (uint32_t i = 0; i < SHARDS; i++) {
        const uint32_t images_at = HEADER + firsts[i + 1] - firsts[i];
        bundle d = b;
        for (uint32_t bit = 0; bit < 8 * b.bytes[i]; bit++) {
            d.shards[i][bit / 8] = (uint8_t)(b.shards[i][bit / 8] ^ 1 << bit % 8);
            write_file(names[i], d.shards[i], d.bytes[i]);
            if (bit / 8 < images_at)
                refusal(65, names[i], __LINE__);
            else if (bit % 5 == 0)
                check_image_bit(i);
            d.shards[i][bit / 8] = b.shards[i][bit / 8];
        }
        write_file(names[i], b.shards[i], b.bytes[i]);
    }
    CHECK(opens());
}

// ---- Sets that are none -----------------------------------------------------------------------------------

/// Shards whose headers are right in themselves, in wrong places.
static void test_wrong_shards(void) {
    const bundle b = make_bundle();
    bundle d = b;
    write_bundle(&b);
    CHECK_EQUAL(unlink(path_of(names[1])), 0);
    REFUSED(66, names[1], "no such file; expected a shard of the set");
    write_file(names[1], b.shards[0], b.bytes[0]);
    REFUSED(65, names[1], "expected 1 examples from example 3 on, got 3 from example 0 on");
    write_file(names[1], "a picture of a cat, which is longer than a header of 64 bytes, or so it seems", 77);
    REFUSED(65, names[1], "expected a shard, got another kind of file");
    make_shard(&d, 1, get(b.shards[1] + 8) ^ 0x80);
    write_file(names[1], d.shards[1], d.bytes[1]);
    char reason[200];
    snprintf(reason, sizeof reason, "expected a shard of the set %08x, got one of the set %08x",
             (unsigned)get(b.shards[1] + 8), (unsigned)get(b.shards[1] + 8) ^ 0x80);
    REFUSED(65, names[1], reason);
    d.shards[1][4] = 2;
    finish_header(d.shards[1]);
    write_file(names[1], d.shards[1], d.bytes[1]);
    REFUSED(65, names[1], "expected a shard of version 1, got version 2");
    for (int at = 12; at < 60; at += at == 12 ? 12 : 2) { // examples, image, what is zero
        d = b;
        if (at == 32 || at == 34 || at == 36 || at == 38) continue;
        d.shards[1][at] ^= 1;
        finish_header(d.shards[1]);
        write_file(names[1], d.shards[1], d.bytes[1]);
        REFUSED(65, names[1],
                "expected a header of the set's number of examples and image size, got another");
    }
}

/// Images and labels of other data, whose shard says so.
static void test_other_content(void) {
    const bundle b = make_bundle();
    bundle d = b;
    char reason[200];
    write_bundle(&b);
    for (int at = 32; at <= 36; at += 4) {
        d = b;
        put(d.shards[2] + at, get(b.shards[2] + at) + 1, 4);
        finish_header(d.shards[2]);
        write_file(names[2], d.shards[2], d.bytes[2]);
        snprintf(reason, sizeof reason,
                 "expected the checksums %08x and %08x of labels and images, got %08x and %08x",
                 (unsigned)get(b.shards[2] + 32), (unsigned)get(b.shards[2] + 36),
                 (unsigned)get(d.shards[2] + 32), (unsigned)get(d.shards[2] + 36));
        REFUSED(65, names[2], reason);
    }
    // The right checksums everywhere, and a label of 2.
    labels[EXAMPLES - 1] = 2;
    d = make_bundle();
    write_bundle(&d);
    REFUSED(65, names[2], "expected labels 0 and 1, got 2 of example 9");
    labels[EXAMPLES - 1] = 1;
}

static void test_places(void) {
    const bundle b = make_bundle();
    write_bundle(&b);
    write_manifest(&b, (uint32_t[]){0, 2}, 2);
    REFUSED(65, "manifest.txt", "expected a shard with example 3, got none");
    write_manifest(&b, (uint32_t[]){2, 1}, 2);
    REFUSED(65, "manifest.txt", "expected a shard with example 0, got none");
    write_manifest(&b, (uint32_t[]){0, 1}, 2);
    REFUSED(65, "manifest.txt", "expected a shard with example 4, got none");
    write_manifest(&b, NULL, 0);
    REFUSED(65, "manifest.txt", "expected a shard with example 0, got none");
    write_manifest(&b, (uint32_t[]){0, 1, 1}, 3);
    REFUSED(65, "manifest.txt",
            "expected each example in one shard, got example 3 in shard-00001.nns and in shard-00001.nns");
    bundle d = b;
    snprintf(d.lines[1], sizeof d.lines[1], "shard 2 2 00000000 00000000 x\n");
    write_manifest(&d, (uint32_t[]){2, 1, 0}, 3);
    REFUSED(65, "manifest.txt",
            "expected each example in one shard, got example 2 in shard-00000.nns and in x");
    snprintf(d.lines[1], sizeof d.lines[1], "shard 3 4294967295 00000000 00000000 x\n");
    write_manifest(&d, (uint32_t[]){1, 0}, 2);
    REFUSED(65, "manifest.txt", "expected shards of 10 examples, got 4294967298");
    snprintf(d.lines[1], sizeof d.lines[1], "shard 3 1 00000000 00000000 x\n");
    write_manifest(&d, (uint32_t[]){0, 1, 2}, 3);
    refusal(65, "manifest.txt", __LINE__); // other checksums than those of the whole
}

/// A checksum of the whole that is not that of its shards.
static void test_whole(void) {
    bundle b = make_bundle();
    for (int i = 0; i < 2; i++) {
        char lines[400], reason[200];
        const unsigned of_labels = (unsigned)crc_of(labels, EXAMPLES) + (i == 0);
        const unsigned of_images = (unsigned)crc_of(images, sizeof images) + (i == 1);
        snprintf(lines, sizeof lines,
                 "nn-shards 1\nexamples %d\nimage 2 2 3\nclass a\nclass b\nlabels %08x\nimages %08x\n",
                 EXAMPLES, of_labels, of_images);
        const uint32_t identity = make_head(&b, lines);
        for (uint32_t s = 0; s < SHARDS; s++) make_shard(&b, s, identity);
        write_bundle(&b);
        snprintf(reason, sizeof reason,
                 "expected the checksums %08x and %08x of all labels and images, got shards that have %08x "
                 "and %08x",
                 of_labels, of_images, (unsigned)crc_of(labels, EXAMPLES),
                 (unsigned)crc_of(images, sizeof images));
        REFUSED(65, "manifest.txt", reason);
    }
}

/// A shard that is read in several pieces.
static void test_large(void) {
    enum { COUNT = 4, BYTES = 250 * 256 };
    uint8_t *const shard = room_for(HEADER + COUNT * (1 + BYTES)), *const read = room_for(3 * BYTES);
    uint8_t *const pixels = shard + HEADER + COUNT;
    char text[400], lines[300];
    memset(shard, 0, HEADER + COUNT);
    for (uint32_t i = 0; i < COUNT * BYTES; i++) pixels[i] = (uint8_t)random_bits();
    const unsigned of_labels = (unsigned)crc_of(shard + HEADER, COUNT);
    const unsigned of_images = (unsigned)crc_of(pixels, COUNT * BYTES);
    snprintf(lines, sizeof lines,
             "nn-shards 1\nexamples 4\nimage 250 256 1\nclass a\nclass b\nlabels %08x\nimages %08x\n",
             of_labels, of_images);
    const uint32_t header[] = {
        0x734e4e8e, HEADER << 8 | 1, crc_of(lines, strlen(lines)), COUNT, 0, COUNT, 256u << 16 | 250, 1,
        of_labels,  of_images};
    for (int i = 0; i < 10; i++) put(shard + 4 * i, header[i], 4);
    finish_header(shard);
    write_file("large", shard, HEADER + COUNT * (1 + BYTES));
    snprintf(text, sizeof text, "%sset %08x\nshard 0 4 %08x %08x large\n", lines, (unsigned)header[2],
             of_labels, of_images);
    write_file("manifest.txt", text, strlen(text));
    dataset set;
    dataset_error error;
    polls = 0;
    if (CHECK(dataset_open(&set, folder, count_poll, &error))) {
        CHECK(dataset_check(&set, 0, 1, &error));
        CHECK(polls >= 4); // 256,000 bytes in pieces of 64 KiB
        CHECK(dataset_read(&set, 1, 3, read, &error));
        CHECK_SAME(read, pixels + BYTES, 3 * BYTES);
        dataset_close(&set);
    }
    unlink(path_of("large"));
    free(shard);
    free(read);
}

// ---- Lines of the manifest --------------------------------------------------------------------------------

static void test_heads(void) {
    static const struct {
        const char *lines, *reason;
    } heads[] = {
        {"nn-shards 2\n", "expected line 1 to be \"nn-shards 1\", got \"nn-shards 2\""},
        {"\x89HDF\r\n", "expected line 1 to be \"nn-shards 1\", got \"\\x89HDF\\x0D\""},
        {"nn-shards 1\r\n", "expected line 1 to be \"nn-shards 1\", got \"nn-shards 1\\x0D\""},
        {"nn-shards 1\nexamples 0\n",
         "expected line 2 to be \"examples COUNT (1 or more)\", got \"examples 0\""},
        {"nn-shards 1\nexamples 010\n",
         "expected line 2 to be \"examples COUNT (1 or more)\", got \"examples 010\""},
        {"nn-shards 1\nexamples \n",
         "expected line 2 to be \"examples COUNT (1 or more)\", got \"examples \""},
        {"nn-shards 1\nexamples -1\n",
         "expected line 2 to be \"examples COUNT (1 or more)\", got \"examples -1\""},
        {"nn-shards 1\nexamples 4294967296\n",
         "expected line 2 to be \"examples COUNT (1 or more)\", got \"examples 4294967296\""},
        {"nn-shards 1\nexamples 10 \n",
         "expected line 2 to be \"examples COUNT (1 or more)\", got \"examples 10 \""},
        {"nn-shards 1\nexamples 10\nimage 2 2\n",
         "expected line 3 to be \"image ROWS COLUMNS CHANNELS (1 to 65535 bytes)\", got \"image 2 2\""},
        {"nn-shards 1\nexamples 10\nimage 2 0 3\n",
         "expected line 3 to be \"image ROWS COLUMNS CHANNELS (1 to 65535 bytes)\", got \"image 2 0 3\""},
        {"nn-shards 1\nexamples 10\nimage 256 256 1\n",
         "expected line 3 to be \"image ROWS COLUMNS CHANNELS (1 to 65535 bytes)\", got \"image 256 256 1\""},
        {"nn-shards 1\nexamples 10\nimage 65536 65536 4294967295\n",
         "expected line 3 to be \"image ROWS COLUMNS CHANNELS (1 to 65535 bytes)\", got \"image 65536 65536 "
         "4294967295\""},
        {"nn-shards 1\nexamples 10\nimage 2 2 3\nclass a\nclass a\nlabels 00000000\nimages 00000000\n",
         "expected two class names, got one twice"},
        {"nn-shards 1\nexamples 10\nimage 2 2 3\nclass a\nclass a  \nlabels 00000000\nimages 00000000\n",
         "expected two class names, got one twice"},
        {"nn-shards 1\nexamples 10\nimage 2 2 3\nclass a\nclass b\nlabels 0000000A\n",
         "expected line 6 to be \"labels CHECKSUM\", got \"labels 0000000A\""},
        {"nn-shards 1\nexamples 10\nimage 2 2 3\nclass a\nclass b\nlabels 0\n",
         "expected line 6 to be \"labels CHECKSUM\", got \"labels 0\""},
        {"nn-shards 1\nexamples 10\nimage 2 2 3\nclass a\nclass b\nlabels 00000000\nimages 000000000\n",
         "expected line 7 to be \"images CHECKSUM\", got \"images 000000000\""},
    };
    bundle b = make_bundle();
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
        make_head(&b, heads[i].lines);
        write_bundle(&b);
        REFUSED(65, "manifest.txt", heads[i].reason);
    }
}

static void test_class_names(void) {
    static const char *const good[] = {"a",
                                       " ~",
                                       "~",
                                       "x y",
                                       "\xc2\xa0",
                                       "\xdf\xbf",
                                       "\xe0\xa0\x80",
                                       "\xed\x9f\xbf",
                                       "\xef\xa4\x80",
                                       "\xf0\x90\x80\x80",
                                       "\xf3\xaf\xbf\xbd",
                                       "0123456789abcdef0123456789abcde"};
    static const char *const bad[] = {"",
                                      "0123456789abcdef0123456789abcdef",
                                      "a\tb",
                                      "\x1b[2J",
                                      "\x7f",
                                      " ",
                                      "a\xe2\x80\x8b",
                                      "\xe2\x80\xae",
                                      "\xee\x80\x80",
                                      "\xf4\x8f\xbf\xbf",
                                      "\x80",
                                      "\xc2\x9b",
                                      "\xc1\xbf",
                                      "\xc2",
                                      "\xc2y",
                                      "\xe0\x9f\xbf",
                                      "\xed\xa0\x80",
                                      "\xe2\x82",
                                      "\xf0\x8f\xbf\xbf",
                                      "\xf4\x90\x80\x80",
                                      "\xf8\x88\x80\x80\x80",
                                      "\xff"};
    bundle b = make_bundle();
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        const uint32_t identity = make_usual_head(&b, "x", good[i]);
        for (uint32_t s = 0; s < SHARDS; s++) make_shard(&b, s, identity);
        write_bundle(&b);
        CHECK(opens());
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        make_usual_head(&b, "x", bad[i]);
        write_bundle(&b);
        CHECK(strstr(refusal(65, "manifest.txt", __LINE__), "expected line 5 to be \"class NAME (1 to 31"));
    }
}

static void test_shard_lines(void) {
    static const char *const bad[] = {
        "shard 0 0 00000000 00000000 x\n",
        "shard 0 1 00000000 00000000 \n",
        "shard 0 1 00000000 00000000 ../x\n",
        "shard 0 1 00000000 00000000 a/b\n",
        "shard 0 1 00000000 00000000 .x\n",
        "shard 0 1 00000000 00000000 a b\n",
        "shard 0 1 00000000 00000000 a\x1b\n",
        "shard 4294967296 1 00000000 00000000 x\n",
        "shard 00 1 00000000 00000000 x\n",
        "shard 0 1 00000000 x\n",
        "shard 0 1 00000000  00000000 x\n",
        "\n",
        "shard\n",
        "shard 0 1 00000000 00000000 0123456789012345678901234567890123456789012345678901234567890123\n"};
    bundle b = make_bundle();
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        snprintf(b.lines[0], sizeof b.lines[0], "%s", bad[i]);
        write_bundle(&b);
        CHECK(strstr(refusal(65, "manifest.txt", __LINE__), "expected line 9 to be \"shard FIRST COUNT"));
    }
    // Zeros in a line, which end no text here.
    char text[MOST_BYTES];
    const int length = snprintf(text, sizeof text, "%sshard 0 1 00000000 00000000 a", b.head);
    memcpy(text + length, "\0b\n", 3);
    write_file("manifest.txt", text, (size_t)length + 3);
    CHECK(strstr(refusal(65, "manifest.txt", __LINE__), "00000000 a\\x00b\""));
}

// ---- What is no file --------------------------------------------------------------------------------------

static void check_no_file(const char *name, const char *expected) {
    char reason[200];
    const char *const path = path_of(name);
    unlink(path);
    CHECK_EQUAL(mkfifo(path, 0600), 0);
    snprintf(reason, sizeof reason, "a pipe or a device; expected %s", expected);
    REFUSED(66, name, reason);
    unlink(path_of(name));
    CHECK_EQUAL(mkdir(path_of(name), 0700), 0);
    snprintf(reason, sizeof reason, "a folder; expected %s", expected);
    REFUSED(66, name, reason);
    rmdir(path_of(name));
    CHECK_EQUAL(symlink("/nowhere/at/all", path_of(name)), 0);
    snprintf(reason, sizeof reason, "no such file; expected %s", expected);
    REFUSED(66, name, reason);
    unlink(path_of(name));
    write_file(name, "", 0);
    if (geteuid() != 0) { // who may read all
        CHECK_EQUAL(chmod(path_of(name), 0), 0);
        snprintf(reason, sizeof reason, "Permission denied; expected %s", expected);
        REFUSED(66, name, reason);
    }
    unlink(path_of(name));
}

static void test_no_files(void) {
    const bundle b = make_bundle();
    dataset set;
    dataset_error error;
    write_bundle(&b);
    check_no_file("manifest.txt", "the manifest of a sharded data set");
    write_bundle(&b);
    check_no_file(names[1], "a shard of the set");
    write_bundle(&b);
    CHECK(!dataset_open(&set, path_of("none"), NULL, &error));
    CHECK_EQUAL(error.exit_code, 66);
    CHECK(strstr(error.text, "/none: no such folder; expected the folder of a sharded data set"));
    CHECK(!dataset_open(&set, path_of("manifest.txt"), NULL, &error));
    CHECK_EQUAL(error.exit_code, 66);
    CHECK(strstr(error.text, "/manifest.txt: a file; expected the folder of a sharded data set"));
    char long_path[6000];
    memset(long_path, '/', sizeof long_path);
    memcpy(long_path, folder, strlen(folder));
    long_path[sizeof long_path - 1] = 0;
    CHECK(!dataset_open(&set, long_path, NULL, &error));
    CHECK_EQUAL(error.exit_code, 66);
    long_path[4090] = 0; // a path for the system, but not with a name behind it
    CHECK(!dataset_open(&set, long_path, NULL, &error));
    CHECK(strlen(error.text) < sizeof error.text && strstr(error.text, "File name too long; expected"));
}

/// Files that change once the set is open.
static void test_changes(void) {
    const bundle b = make_bundle();
    dataset set;
    dataset_error error;
    uint8_t read[sizeof images];
    write_bundle(&b);
    if (!CHECK(dataset_open(&set, folder, NULL, &error))) return;
    write_file(names[0], b.shards[0], b.bytes[0] - 1);
    CHECK(!dataset_read(&set, 0, 1, read, &error) && error.exit_code == 65);
    write_file(names[0], b.shards[2], b.bytes[2]);
    CHECK(!dataset_read(&set, 2, 2, read, &error) && error.exit_code == 65);
    CHECK(!dataset_check(&set, 0, 1, &error) && error.exit_code == 65);
    unlink(path_of(names[0]));
    CHECK(!dataset_read(&set, 0, EXAMPLES, read, &error) && error.exit_code == 66);
    CHECK(dataset_read(&set, 3, EXAMPLES - 3, read, &error));
    dataset_close(&set);
}

int main(void) {
    if (!mkdtemp(folder)) return 1;
    for (uint32_t i = 0; i < EXAMPLES; i++) labels[i] = (uint8_t)(i % 3 == 0);
    for (uint32_t i = 0; i < sizeof images; i++) images[i] = (uint8_t)random_bits();
    test_reading();
    test_cut_and_longer();
    test_bits();
    test_wrong_shards();
    test_other_content();
    test_places();
    test_whole();
    test_large();
    test_heads();
    test_class_names();
    test_shard_lines();
    test_no_files();
    test_changes();
    for (uint32_t i = 0; i < SHARDS; i++) unlink(path_of(names[i]));
    unlink(path_of("manifest.txt"));
    CHECK_EQUAL(rmdir(folder), 0);
    return check_end();
}
