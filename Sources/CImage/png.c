#include "decoder.h"

#if !__has_include(<png.h>)
#error "no png.h: install libpng-dev pkg-config (Debian, Ubuntu), libpng-devel (Fedora), libpng (Homebrew)"
#endif
#include <png.h>
#include <stdlib.h>
#include <string.h>

typedef struct png_picture {
    nn_picture base;
    png_structp reader;
    png_infop info;
    size_t offset;   // in base.bytes
    size_t channels; // 3: R G B, or 4: and A
    uint8_t *row;    // with A
    uint8_t *whole;  // all rows of an interlaced picture: its last pass writes to each of them
} png_picture;

static void on_error(png_structp reader, png_const_charp message) {
    nn_fail_damaged(png_get_error_ptr(reader), message);
}

// A warning says that something was left out or made up: with that a picture is not the one that was saved.
// Damaged EXIF data leaves the picture as it is.
static void on_warning(png_structp reader, png_const_charp message) {
    if (strncmp(message, "eXIf: ", 6) != 0) on_error(reader, message);
}

static void read_bytes(png_structp reader, png_bytep to, size_t count) {
    png_picture *picture = png_get_io_ptr(reader);
    if (count > picture->base.count - picture->offset) nn_fail_cut_off(&picture->base);
    memcpy(to, picture->base.bytes + picture->offset, count);
    picture->offset += count;
}

static uint8_t *allocate(png_picture *picture, size_t bytes) {
    uint8_t *memory = malloc(bytes);
    if (!memory) nn_fail(&picture->base, "a PNG for which there is no memory");
    return memory;
}

static void find_exif(png_picture *picture) {
    png_uint_32 count = 0;
    png_bytep exif = NULL;
    if (!png_get_eXIf_1(picture->reader, picture->info, &count, &exif)) return;
    picture->base.exif = exif;
    picture->base.exif_bytes = count;
}

static void open_picture(nn_picture *base) {
    png_picture *picture = (png_picture *)base;
    png_structp reader = png_create_read_struct(PNG_LIBPNG_VER_STRING, picture, on_error, on_warning);
    picture->reader = reader;
    if (!reader || !(picture->info = png_create_info_struct(reader)))
        nn_fail(base, "a PNG for which there is no memory");
    png_set_read_fn(reader, picture, read_bytes);
    png_set_user_limits(reader, PNG_UINT_31_MAX, PNG_UINT_31_MAX); // nn_check_size says it better
    png_set_crc_action(reader, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
    // Texts, profiles and the like are not needed, and some of them would be inflated.
    png_set_keep_unknown_chunks(reader, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
    png_set_keep_unknown_chunks(reader, PNG_HANDLE_CHUNK_AS_DEFAULT, (png_const_bytep) "eXIf", 1);
    png_read_info(reader, picture->info);
    find_exif(picture);
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

// A colour of this opacity (0 ... 255) over white, rounded to nearest. There is no tie, as 255 is odd.
static uint8_t over_white(uint8_t color, uint8_t alpha) {
    return (uint8_t)((color * alpha + 255 * (255 - alpha) + 127) / 255);
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
    for (const uint8_t *end = from + row_bytes; from < end; from += 4, row += 3) {
        for (int channel = 0; channel < 3; channel++) row[channel] = over_white(from[channel], from[3]);
    }
}

static void finish(nn_picture *base) {
    png_picture *picture = (png_picture *)base;
    png_read_end(picture->reader, picture->info);
    find_exif(picture);
}

static void close_picture(nn_picture *base) {
    png_picture *picture = (png_picture *)base;
    png_destroy_read_struct(&picture->reader, &picture->info, NULL);
    free(picture->row);
    free(picture->whole);
    free(picture);
}

const nn_format nn_png = {"PNG", open_picture, read_row, finish, close_picture};

nn_picture *nn_png_new(void) {
    png_picture *picture = calloc(1, sizeof *picture);
    if (!picture) return NULL;
    picture->base.format = &nn_png;
    return &picture->base;
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
