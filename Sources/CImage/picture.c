#include "decoder.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

nn_picture *nn_picture_open(const uint8_t *bytes, size_t count, const nn_picture_limits *limits) {
    uint8_t first = count > 0 ? bytes[0] : 0;
    nn_picture *picture = first == 0xff ? nn_jpeg_new() : first == 'R' ? nn_webp_new() : nn_png_new();
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
    *count = picture->exif.count;
    return picture->exif.bytes;
}

const uint8_t *nn_picture_xmp(const nn_picture *picture, size_t *count) {
    *count = picture->xmp.count;
    return picture->xmp.bytes;
}

enum { MOST_FLAWS = sizeof((nn_picture *)0)->flaws / sizeof((nn_picture *)0)->flaws[0] };

const char *nn_picture_flaw(const nn_picture *picture, size_t index) {
    return index < MOST_FLAWS && picture->flaws[index][0] ? picture->flaws[index] : NULL;
}

_Noreturn void nn_fail(nn_picture *picture, const char *format, ...) {
    va_list values;
    va_start(values, format);
    (void)vsnprintf(picture->failure, sizeof picture->failure, format, values);
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

_Noreturn void nn_fail_without_memory(nn_picture *picture) {
    nn_fail(picture, "a %s for which there is no memory", picture->format->name);
}

void nn_flaw(nn_picture *picture, const char *format, ...) {
    char flaw[sizeof picture->flaws[0]];
    va_list values;
    va_start(values, format);
    (void)vsnprintf(flaw, sizeof flaw, format, values);
    va_end(values);
    size_t i = 0;
    while (i < MOST_FLAWS && picture->flaws[i][0] && strcmp(picture->flaws[i], flaw) != 0) i++;
    if (i < MOST_FLAWS) memcpy(picture->flaws[i], flaw, sizeof flaw);
}

void nn_flaw_bytes_behind(nn_picture *picture, size_t count) {
    if (count == 0) return;
    nn_flaw(picture, "%zu byte%s after the end of the %s", count, count == 1 ? "" : "s",
            picture->format->name);
}

// Sets `found`, if it is not set yet, to what follows the signature (`size` bytes) that `part` may begin
// with.
static void find_behind(nn_part part, const char *signature, size_t size, nn_part *found) {
    if (found->bytes || part.count < size || memcmp(part.bytes, signature, size) != 0) return;
    *found = (nn_part){part.bytes + size, part.count - size};
}

void nn_find_in_app1(nn_picture *picture, const uint8_t *bytes, size_t count) {
    static const char exif[] = "Exif\0", xmp[] = "http://ns.adobe.com/xap/1.0/"; // with the 0 at the end
    nn_part part = {bytes, count};
    find_behind(part, exif, sizeof exif, &picture->exif);
    find_behind(part, xmp, sizeof xmp, &picture->xmp);
}

// A colour of this opacity (0 ... 255) over white, rounded to nearest. There is no tie, as 255 is odd.
static uint8_t over_white(uint8_t color, uint8_t alpha) {
    return (uint8_t)((color * alpha + 255 * (255 - alpha) + 127) / 255);
}

void nn_lay_over_white(const uint8_t *rgba, size_t count, uint8_t *rgb) {
    for (const uint8_t *end = rgba + 4 * count; rgba < end; rgba += 4, rgb += 3) {
        for (int channel = 0; channel < 3; channel++) rgb[channel] = over_white(rgba[channel], rgba[3]);
    }
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
