#include "decoder.h"

#if !__has_include(<png.h>)
#error "no png.h: install libpng-dev pkg-config (Debian, Ubuntu), libpng-devel (Fedora), libpng (Homebrew)"
#endif
#include <png.h>

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { TEXTS = 3 };

typedef struct png_picture {
    nn_picture base;
    png_structp reader;
    png_infop info;
    size_t offset;         // in base.bytes
    size_t left;           // bytes that libpng has yet to read of the signature or the chunk at hand
    size_t channels;       // 3: R G B, or 4: and A
    uint8_t *row;          // with A
    uint8_t *whole;        // all rows of an interlaced picture: its last pass writes to each of them
    uint8_t *texts[TEXTS]; // unpacked
} png_picture;

static void on_error(png_structp reader, png_const_charp message) {
    nn_fail_damaged(png_get_error_ptr(reader), message);
}

// A warning says that something was left out or made up: with that a picture is not the one that was saved.
// Data behind the last row leaves the picture as it is.
static void on_warning(png_structp reader, png_const_charp message) {
    nn_picture *picture = png_get_error_ptr(reader);
    if (strstr(message, "Extra compressed data") || strstr(message, "Too much image data"))
        nn_flaw(picture, "the PNG has more image data than pixels");
    else
        on_error(reader, message);
}

static uint8_t *allocate(png_picture *picture, size_t bytes) {
    uint8_t *memory = malloc(bytes);
    if (!memory) nn_fail_without_memory(&picture->base);
    return memory;
}

// ---- Chunks -------------------------------------------------------------------------------------

// Behind the signature: length (4 bytes), type (4), data, CRC-32 of type and data (4).
enum { SIGNATURE = 8, AROUND = 12 };

typedef struct png_chunk {
    const uint8_t *type;
    nn_part data;
} png_chunk;

static uint32_t big_endian(const uint8_t *bytes) {
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

// The chunk at the offset. Returns false if it is not in the file as a whole.
static bool find_chunk(const png_picture *picture, png_chunk *chunk) {
    const uint8_t *at = picture->base.bytes + picture->offset;
    size_t left = picture->base.count - picture->offset;
    if (left < AROUND || big_endian(at) > left - AROUND) return false;
    *chunk = (png_chunk){at + 4, {at + 8, big_endian(at)}};
    return true;
}

static bool is_chunk(const png_chunk *chunk, const char *type) { return memcmp(chunk->type, type, 4) == 0; }

// tRNS counts as critical here: pixels depend on it.
static bool is_ancillary(const png_chunk *chunk) { return chunk->type[0] & 0x20 && !is_chunk(chunk, "tRNS"); }

static bool has_right_crc(nn_picture *picture, const png_chunk *chunk) {
    const uint8_t *crc = chunk->data.bytes + chunk->data.count;
    if (crc32(0, chunk->type, (uInt)chunk->data.count + 4) == big_endian(crc)) return true;
    char name[] = "of a chunk";
    bool is_text = true;
    for (int i = 0; i < 4; i++) is_text = is_text && isalpha(chunk->type[i]);
    if (is_text) memcpy(name, chunk->type, 4), name[4] = 0;
    nn_flaw(picture, "the PNG's chunk %s has a wrong CRC", name);
    return false;
}

// ---- Metadata -----------------------------------------------------------------------------------

// The texts that may tell the orientation. ImageMagick writes profiles: three lines ("exif" and the size in
// bytes are in them), then the bytes in hexadecimal.
static const char *const text_keys[TEXTS] = {"XML:com.adobe.xmp", "Raw profile type exif",
                                             "Raw profile type APP1"};

// What is unpacked of a text. The orientation stands near the start.
enum { MOST_TEXT = 1 << 20 };

// Writes up to MOST_TEXT bytes; returns how many.
static size_t inflate_start(nn_part packed, uint8_t *to) {
    z_stream stream = {.next_in = (Bytef *)packed.bytes,
                       .avail_in = (uInt)packed.count,
                       .next_out = to,
                       .avail_out = MOST_TEXT};
    if (inflateInit(&stream) != Z_OK) return 0;
    inflate(&stream, Z_SYNC_FLUSH);
    size_t count = MOST_TEXT - stream.avail_out;
    inflateEnd(&stream);
    return count;
}

// What follows the first 0 in `part`; nothing if there is none.
static nn_part behind_zero(nn_part part) {
    const uint8_t *zero = part.count > 0 ? memchr(part.bytes, 0, part.count) : NULL;
    if (!zero) return (nn_part){part.bytes, 0};
    size_t skipped = (size_t)(zero - part.bytes) + 1;
    return (nn_part){part.bytes + skipped, part.count - skipped};
}

// The text behind the key of a chunk tEXt, zTXt or iTXt, in new memory.
static nn_part unpack_text(png_picture *picture, const png_chunk *chunk, size_t index) {
    nn_part text = behind_zero(chunk->data);
    bool is_packed = is_chunk(chunk, "zTXt");
    size_t flags = is_packed ? 1 : is_chunk(chunk, "iTXt") ? 2 : 0; // of compression
    if (text.count < flags) return (nn_part){text.bytes, 0};
    if (flags == 2) is_packed = text.bytes[0] == 1;
    text = (nn_part){text.bytes + flags, text.count - flags};
    if (flags == 2) text = behind_zero(behind_zero(text)); // the language, and the key in it

    uint8_t *to = picture->texts[index] = allocate(picture, MOST_TEXT);
    if (is_packed) return (nn_part){to, inflate_start(text, to)};
    if (text.count > MOST_TEXT) text.count = MOST_TEXT;
    memcpy(to, text.bytes, text.count);
    return (nn_part){to, text.count};
}

static int hex_digit(uint8_t character) {
    const char digits[] = "0123456789abcdef";
    const char *at = character ? strchr(digits, tolower(character)) : NULL;
    return at ? (int)(at - digits) : -1;
}

// Turns the text of a profile into its bytes, in place.
static nn_part decode_profile(uint8_t *text, size_t count) {
    size_t at = 0, digits = 0;
    for (int lines = 0; lines < 3 && at < count; at++) lines += text[at] == '\n';
    for (; at < count; at++) {
        int digit = hex_digit(text[at]);
        if (digit < 0) continue; // the end of a line
        uint8_t high = digits % 2 == 0 ? 0 : text[digits / 2];
        text[digits / 2] = (uint8_t)(high << 4 | digit);
        digits++;
    }
    return (nn_part){text, digits / 2};
}

static void read_text(png_picture *picture, const png_chunk *chunk) {
    nn_picture *base = &picture->base;
    for (size_t i = 0; i < TEXTS; i++) {
        size_t key_size = strlen(text_keys[i]) + 1;
        if (picture->texts[i] || chunk->data.count < key_size ||
            memcmp(chunk->data.bytes, text_keys[i], key_size) != 0)
            continue;
        nn_part text = unpack_text(picture, chunk, i);
        if (text.count == 0) return;
        if (i == 0) {
            if (!base->xmp.bytes) base->xmp = text;
            return;
        }
        nn_part profile = decode_profile(picture->texts[i], text.count);
        nn_find_in_app1(base, profile.bytes, profile.count);
        return;
    }
}

static void read_ancillary(png_picture *picture, const png_chunk *chunk) {
    if (!has_right_crc(&picture->base, chunk)) return;
    if (is_chunk(chunk, "tEXt") || is_chunk(chunk, "zTXt") || is_chunk(chunk, "iTXt"))
        read_text(picture, chunk);
    else if (is_chunk(chunk, "eXIf"))
        picture->base.exif = chunk->data; // which counts before a profile
}

// Reads all metadata, also what stands behind the pixels: the orientation decides how these are resized.
static void read_metadata(png_picture *picture) {
    png_chunk chunk;
    for (picture->offset = SIGNATURE; find_chunk(picture, &chunk) && !is_chunk(&chunk, "IEND");) {
        if (is_ancillary(&chunk)) read_ancillary(picture, &chunk);
        picture->offset += AROUND + chunk.data.count;
    }
    picture->offset = 0;
}

// ---- Pixels -------------------------------------------------------------------------------------

// libpng gets the signature and the chunks on which pixels depend. So nothing else is unpacked, kept or
// judged.
static void find_next_part(png_picture *picture) {
    png_chunk chunk;
    while (picture->offset > 0 && find_chunk(picture, &chunk) && is_ancillary(&chunk))
        picture->offset += AROUND + chunk.data.count;
    size_t rest = picture->base.count - picture->offset;
    picture->left = picture->offset == 0          ? SIGNATURE
                    : find_chunk(picture, &chunk) ? AROUND + chunk.data.count
                                                  : rest;
}

static void read_bytes(png_structp reader, png_bytep to, size_t count) {
    png_picture *picture = png_get_io_ptr(reader);
    if (picture->left == 0) find_next_part(picture);
    if (count > picture->base.count - picture->offset) nn_fail_cut_off(&picture->base);
    memcpy(to, picture->base.bytes + picture->offset, count);
    picture->offset += count;
    picture->left = count < picture->left ? picture->left - count : 0;
}

static void open_picture(nn_picture *base) {
    png_picture *picture = (png_picture *)base;
    if (base->count >= SIGNATURE) read_metadata(picture);
    png_structp reader = png_create_read_struct(PNG_LIBPNG_VER_STRING, picture, on_error, on_warning);
    picture->reader = reader;
    if (!reader || !(picture->info = png_create_info_struct(reader))) nn_fail_without_memory(base);
    png_set_read_fn(reader, picture, read_bytes);
    png_set_user_limits(reader, PNG_UINT_31_MAX, PNG_UINT_31_MAX); // nn_check_size says it better
    png_set_crc_action(reader, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
    png_read_info(reader, picture->info);
    nn_check_size(base, png_get_image_width(reader, picture->info),
                  png_get_image_height(reader, picture->info));

    uint64_t unpacked = (uint64_t)png_get_rowbytes(reader, picture->info) * base->height;
    if (unpacked > base->limits.unpacked)
        nn_fail(base, "a PNG that unpacks to %llu MB, more than %llu", (unsigned long long)unpacked / 1000000,
                (unsigned long long)base->limits.unpacked / 1000000);

    png_set_expand(reader); // palettes, 1 ... 4 bits, a transparent colour
    png_set_strip_16(reader);
    png_set_gray_to_rgb(reader);
    bool is_interlaced = png_set_interlace_handling(reader) > 1;
    if (is_interlaced) nn_check_memory(base, "an interlaced", (uint64_t)4 * base->width * base->height);
    png_read_update_info(reader, picture->info);
    picture->channels = png_get_channels(reader, picture->info);
    size_t row_bytes = picture->channels * base->width;
    if (!is_interlaced) {
        picture->row = allocate(picture, row_bytes);
        return;
    }
    picture->whole = allocate(picture, base->height * row_bytes);
    for (int pass = 0; pass < PNG_INTERLACE_ADAM7_PASSES; pass++) {
        for (size_t y = 0; y < base->height; y++) png_read_row(reader, picture->whole + y * row_bytes, NULL);
    }
}

static void read_row(nn_picture *base, uint8_t *row) {
    png_picture *picture = (png_picture *)base;
    size_t row_bytes = picture->channels * base->width;
    const uint8_t *from = picture->whole ? picture->whole + row_bytes * base->row : picture->row;
    if (!picture->whole) png_read_row(picture->reader, picture->row, NULL);
    if (picture->channels == 3) {
        memcpy(row, from, row_bytes);
        return;
    }
    nn_lay_over_white(from, base->width, row);
}

// Looks at the chunks behind the image data, which libpng has read to its end. They leave the pixels as they
// are.
static void finish(nn_picture *base) {
    png_picture *picture = (png_picture *)base;
    bool has_end = false;
    png_chunk chunk;
    while (!has_end && find_chunk(picture, &chunk)) {
        picture->offset += AROUND + chunk.data.count;
        has_end = is_chunk(&chunk, "IEND");
        if (is_chunk(&chunk, "IDAT") && chunk.data.count > 0)
            nn_flaw(base, "the PNG has more image data than pixels");
        else if (!is_ancillary(&chunk)) // of those, read_metadata has told
            has_right_crc(base, &chunk);
    }
    if (has_end)
        nn_flaw_bytes_behind(base, base->count - picture->offset);
    else
        nn_flaw(base, "the end of the PNG (IEND) is missing");
}

static void close_picture(nn_picture *base) {
    png_picture *picture = (png_picture *)base;
    png_destroy_read_struct(&picture->reader, &picture->info, NULL);
    free(picture->row);
    free(picture->whole);
    for (size_t i = 0; i < TEXTS; i++) free(picture->texts[i]);
    free(picture);
}

const nn_format nn_png = {"PNG", open_picture, read_row, finish, close_picture};

nn_picture *nn_png_new(void) {
    png_picture *picture = calloc(1, sizeof *picture);
    if (picture) picture->base.format = &nn_png;
    return (nn_picture *)picture;
}

static png_image description(uint32_t width, uint32_t height) {
    return (png_image){
        .version = PNG_IMAGE_VERSION, .width = width, .height = height, .format = PNG_FORMAT_RGB};
}

size_t nn_png_bound(uint32_t width, uint32_t height) {
    png_image image = description(width, height);
    return PNG_IMAGE_PNG_SIZE_MAX(image);
}

size_t nn_png_write(uint8_t *png, size_t capacity, const uint8_t *rgb, uint32_t width, uint32_t height) {
    png_image image = description(width, height);
    return png_image_write_to_memory(&image, png, &capacity, 0, rgb, 0, NULL) ? capacity : 0;
}
