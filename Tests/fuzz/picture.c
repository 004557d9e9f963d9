/// Any bytes as a picture of one format, which CMakeLists.txt names by its first byte: refused, or all rows
/// are read. Everything is small, so that a run is short.
#include "picture.h"
#include "fuzz.h"

#include <zlib.h>

enum { SIDE = 1 << 10, IS_PNG = FIRST_BYTE == 0x89 };
static const nn_picture_limits limits = {SIDE, 1 << 14, 1 << 18, 1 << 20, 8};

static uint32_t big_endian(const uint8_t *at) {
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/// Makes the CRCs of a PNG's chunks right: length (4 bytes), type (4), data, CRC-32 of type and data (4).
static void mend_png(uint8_t *png, size_t count) {
    for (size_t at = 8; count - at >= 12 && big_endian(png + at) <= count - at - 12;) {
        const uint32_t data = big_endian(png + at);
        const uint32_t crc = (uint32_t)crc32(0, png + at + 4, data + 4);
        uint8_t *end = png + at + 8 + data;
        for (uint32_t i = 0; i < 4; i++) end[i] = (uint8_t)(crc >> (24 - 8 * i) & 255);
        at += 12 + (size_t)data;
    }
}

/// Whether all of the bytes can be read; for the address sanitizer.
static void look_at(const uint8_t *bytes, size_t count) {
    volatile uint8_t sum = 0;
    for (size_t i = 0; bytes && i < count; i++) sum ^= bytes[i];
}

static void look_at_text(const char *text) {
    if (text) look_at((const uint8_t *)text, strlen(text));
}

static void look_at_metadata(const nn_picture *picture) {
    size_t count;
    const uint8_t *part = nn_picture_exif(picture, &count);
    look_at(part, count);
    part = nn_picture_xmp(picture, &count);
    look_at(part, count);
    for (size_t i = 0; i < 5; i++) look_at_text(nn_picture_flaw(picture, i));
    look_at_text(nn_picture_failure(picture));
}

static void read_picture(const uint8_t *bytes, size_t count) {
    nn_picture *picture = nn_picture_open(bytes, count, &limits);
    REQUIRE(picture);
    if (!nn_picture_failure(picture)) {
        const uint32_t width = nn_picture_width(picture), height = nn_picture_height(picture);
        REQUIRE(width > 0 && height > 0 && width <= SIDE && height <= SIDE &&
                width * height <= limits.pixels);
        uint8_t *row = room_for((size_t)3 * width);
        uint32_t rows = 0;
        look_at_metadata(picture);
        while (nn_picture_read(picture, row)) {
            look_at(row, (size_t)3 * width);
            rows++;
        }
        REQUIRE(rows == height || (rows < height && nn_picture_failure(picture)));
        free(row);
    }
    look_at_metadata(picture);
    nn_picture_close(picture);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count) {
    if (count == 0 || bytes[0] != FIRST_BYTE) return -1; // of another format
    uint8_t *copy = room_for(count);
    memcpy(copy, bytes, count);
    read_picture(copy, count);
    if (IS_PNG && count > 8) {
        mend_png(copy, count);
        read_picture(copy, count);
    }
    free(copy);
    return 0;
}
