// What the two formats share.
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

extern const nn_format nn_png, nn_jpeg;

// The first member of each format's own struct.
struct nn_picture {
    const nn_format *format;
    const uint8_t *bytes;
    size_t count;
    nn_picture_limits limits;
    uint32_t width, height, row;
    const uint8_t *exif; // NULL: none so far
    size_t exif_bytes;
    bool has_failed;
    char failure[200];
    jmp_buf unwind;
};

nn_picture *nn_png_new(void);
nn_picture *nn_jpeg_new(void);

// Keeps the text and leaves the running call of picture.h.
_Noreturn void nn_fail(nn_picture *picture, const char *format, ...) __attribute__((format(printf, 2, 3)));
_Noreturn void nn_fail_damaged(nn_picture *picture, const char *why);
_Noreturn void nn_fail_cut_off(nn_picture *picture);

// Call these before allocating memory that depends on the size. `bytes` are needed in addition to the file.
void nn_check_size(nn_picture *picture, uint32_t width, uint32_t height);
void nn_check_memory(nn_picture *picture, const char *what, uint64_t bytes);

#endif
