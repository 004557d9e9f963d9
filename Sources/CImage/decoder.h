// What the formats share.
#ifndef NN_DECODER_H
#define NN_DECODER_H

#include "picture.h"

#include <setjmp.h>

// The functions of one format. They report failures by nn_fail.
typedef struct nn_format {
    const char *name;
    void (*open_picture)(nn_picture *picture); // up to the first row
    void (*read_row)(nn_picture *picture, uint8_t *row);
    void (*finish)(nn_picture *picture); // what follows the last row
    void (*close_picture)(nn_picture *picture);
} nn_format;

extern const nn_format nn_png, nn_jpeg, nn_webp;

// Bytes of the file, or of what is unpacked of it. NULL: none so far.
typedef struct nn_part {
    const uint8_t *bytes;
    size_t count;
} nn_part;

// The first member of each format's own struct.
struct nn_picture {
    const nn_format *format;
    const uint8_t *bytes;
    size_t count;
    nn_picture_limits limits;
    uint32_t width, height, row;
    nn_part exif, xmp;
    char flaws[4][80]; // the first few; "" after the last
    bool has_failed;
    char failure[200];
    jmp_buf unwind;
};

nn_picture *nn_png_new(void);
nn_picture *nn_jpeg_new(void);
nn_picture *nn_webp_new(void);

// Keeps the text and leaves the running call of picture.h.
_Noreturn void nn_fail(nn_picture *picture, const char *format, ...) __attribute__((format(printf, 2, 3)));
_Noreturn void nn_fail_damaged(nn_picture *picture, const char *why);
_Noreturn void nn_fail_cut_off(nn_picture *picture);
_Noreturn void nn_fail_without_memory(nn_picture *picture);

// Notes what is wrong with the file although every pixel is there.
void nn_flaw(nn_picture *picture, const char *format, ...) __attribute__((format(printf, 2, 3)));
void nn_flaw_bytes_behind(nn_picture *picture, size_t count); // none if 0

// Notes where the content of an APP1 segment has EXIF data or XMP; the first of each counts.
void nn_find_in_app1(nn_picture *picture, const uint8_t *bytes, size_t count);

// Writes `count` pixels of R G B A, laid over white, as R G B.
void nn_lay_over_white(const uint8_t *rgba, size_t count, uint8_t *rgb);

// Call these before allocating memory that depends on the size. `bytes` are needed in addition to the file.
void nn_check_size(nn_picture *picture, uint32_t width, uint32_t height);
void nn_check_memory(nn_picture *picture, const char *what, uint64_t bytes);

#endif
