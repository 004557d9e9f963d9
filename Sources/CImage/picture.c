#include "decoder.h"

#include <stdarg.h>
#include <stdio.h>

nn_picture *nn_picture_open(const uint8_t *bytes, size_t count, const nn_picture_limits *limits) {
    nn_picture *picture = count > 0 && bytes[0] == 0xff ? nn_jpeg_new() : nn_png_new();
    if (!picture) return NULL;
    picture->bytes = bytes;
    picture->count = count;
    picture->limits = *limits;
    if (!setjmp(picture->unwind)) picture->format->open_picture(picture);
    return picture;
}

bool nn_picture_read(nn_picture *picture, uint8_t *row) {
    if (picture->has_failed || picture->row == picture->height) return false;
    if (setjmp(picture->unwind)) return false;
    picture->format->read_row(picture, row);
    if (++picture->row == picture->height) picture->format->finish(picture);
    return true;
}

void nn_picture_close(nn_picture *picture) { picture->format->close_picture(picture); }

const char *nn_picture_failure(const nn_picture *picture) {
    return picture->has_failed ? picture->failure : NULL;
}

uint32_t nn_picture_width(const nn_picture *picture) { return picture->width; }
uint32_t nn_picture_height(const nn_picture *picture) { return picture->height; }

const uint8_t *nn_picture_exif(const nn_picture *picture, size_t *count) {
    *count = picture->exif_bytes;
    return picture->exif;
}

_Noreturn void nn_fail(nn_picture *picture, const char *format, ...) {
    va_list values;
    va_start(values, format);
    vsnprintf(picture->failure, sizeof picture->failure, format, values);
    va_end(values);
    picture->has_failed = true;
    longjmp(picture->unwind, 1);
}

_Noreturn void nn_fail_damaged(nn_picture *picture, const char *why) {
    nn_fail(picture, "a damaged %s (%s)", picture->format->name, why);
}

_Noreturn void nn_fail_cut_off(nn_picture *picture) {
    nn_fail(picture, "a %s that is cut off after %zu bytes", picture->format->name, picture->count);
}

void nn_check_size(nn_picture *picture, uint32_t width, uint32_t height) {
    picture->width = width;
    picture->height = height;
    uint64_t pixels = (uint64_t)width * height;
    if (pixels > picture->limits.pixels)
        nn_fail(picture, "a %s of %u x %u pixels, which are more than %llu million", picture->format->name,
                width, height, (unsigned long long)(picture->limits.pixels / 1000000));
    if (width > picture->limits.side || height > picture->limits.side)
        nn_fail(picture, "a %s of %u x %u pixels, a side of more than %u", picture->format->name, width,
                height, picture->limits.side);
}

void nn_check_memory(nn_picture *picture, const char *what, uint64_t bytes) {
    uint64_t megabytes = (bytes + picture->count) / 1000000;
    if (megabytes > picture->limits.memory / 1000000)
        nn_fail(picture, "%s %s of %u x %u pixels, which takes %llu MB to read, more than %llu", what,
                picture->format->name, picture->width, picture->height, (unsigned long long)megabytes,
                (unsigned long long)picture->limits.memory / 1000000);
}
