// Reads PNG, JPEG and WebP pictures for Swift, a row at a time. Where the format allows it, memory does not
// grow with their size.
//
// libpng and libjpeg report errors by longjmp. It never leaves a call of these functions: each sets its own
// target, and none calls back. resampling.h resizes rows.
#ifndef NN_PICTURE_H
#define NN_PICTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// The limits of a picture. A larger one is refused before memory is allocated for it.
typedef struct nn_picture_limits {
    uint32_t side;     // pixels in a row or a column
    uint64_t pixels;   // in all
    uint64_t unpacked; // bytes of all rows of a PNG
    uint64_t memory;   // bytes, with the file, where all pixels are kept: interlaced PNG, JPEG in scans, WebP
    int scans;         // of a JPEG: each goes over all that is kept
} nn_picture_limits;

typedef struct nn_picture nn_picture;

// Opens the PNG, JPEG or WebP (the first byte tells which) in `bytes`, which must stay until
// nn_picture_close. Returns NULL if there is no memory.
nn_picture *nn_picture_open(const uint8_t *bytes, size_t count, const nn_picture_limits *limits);

// NULL, or what the file turned out to be: "a damaged PNG (...)". No more rows can be read then.
const char *nn_picture_failure(const nn_picture *picture);

// 0 if the picture failed before its header was read.
uint32_t nn_picture_width(const nn_picture *picture);
uint32_t nn_picture_height(const nn_picture *picture);

// The picture's EXIF data and XMP, `count` bytes that stay until nn_picture_close; NULL if there was none so
// far. A PNG may have them behind its last row.
const uint8_t *nn_picture_exif(const nn_picture *picture, size_t *count);
const uint8_t *nn_picture_xmp(const nn_picture *picture, size_t *count);

// What is wrong with the file although every pixel is there: "3 bytes after the end of the PNG". NULL if
// there are fewer. All are known after the last row; at most 4 are kept.
const char *nn_picture_flaw(const nn_picture *picture, size_t index);

// Writes the next row, 3 * width bytes R G B, from the top. Transparent pixels are laid over white; of 16
// bits the upper 8 are taken. With the last row the rest of the file is looked at. Returns whether all went
// well.
bool nn_picture_read(nn_picture *picture, uint8_t *row);

void nn_picture_close(nn_picture *picture);

// The bytes that nn_png_write may need.
size_t nn_png_bound(uint32_t width, uint32_t height);

// Writes a PNG of `rgb`, 3 * width * height bytes. Returns its size; 0 if there is no memory.
size_t nn_png_write(uint8_t *png, size_t capacity, const uint8_t *rgb, uint32_t width, uint32_t height);

#endif
