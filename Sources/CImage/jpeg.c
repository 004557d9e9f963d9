#include "decoder.h"

#include <stdio.h> // which jpeglib.h needs
#include <stdlib.h>
#include <string.h>

#if !__has_include(<jpeglib.h>)
#error "no jpeglib.h: install libjpeg-dev pkg-config (Debian), libjpeg-turbo-devel (Fedora), jpeg-turbo"
#endif
#include <jpeglib.h>

#include <jerror.h> // after jpeglib.h

typedef struct jpeg_picture {
    nn_picture base;
    struct jpeg_decompress_struct reader;
    struct jpeg_error_mgr errors;
    struct jpeg_progress_mgr progress;
    uint8_t *cmyk;   // one row
    bool is_cut_off; // there is no EOI; all pixels may be there all the same
} jpeg_picture;

static void on_error(j_common_ptr reader) {
    jpeg_picture *picture = reader->client_data;
    const int *values = reader->err->msg_parm.i;
    switch (reader->err->msg_code) {
    case JERR_BAD_PRECISION:
        nn_fail(&picture->base, "a JPEG of %d bits per channel, which cannot be read", values[0]);
    case JERR_SOF_UNSUPPORTED:
        nn_fail(&picture->base, "a %s JPEG, which cannot be read",
                values[0] == 0xc3 ? "lossless" : "hierarchical");
    case JERR_ARITH_NOTIMPL: nn_fail(&picture->base, "a JPEG of arithmetic coding, which cannot be read");
    default: break;
    }
    if (picture->is_cut_off) nn_fail_cut_off(&picture->base);
    char message[JMSG_LENGTH_MAX];
    reader->err->format_message(reader, message);
    nn_fail_damaged(&picture->base, message);
}

// Where data is missing or broken, libjpeg warns (level -1) and makes up pixels. Such a picture is not the
// one that was saved, and is refused. The cases below leave every pixel as it was.
static void on_message(j_common_ptr reader, int level) {
    if (level >= 0) return;
    jpeg_picture *picture = reader->client_data;
    switch (reader->err->msg_code) {
    case JWRN_JFIF_MAJOR: // an unusual version number
    case JWRN_ADOBE_XFORM: return;
    case JWRN_EXTRANEOUS_DATA: // which cameras leave between segments
        nn_flaw(&picture->base, "the JPEG has stray bytes between its segments");
        return;
    case JWRN_NOT_SEQUENTIAL: // they mean nothing in a sequential JPEG
        nn_flaw(&picture->base, "the JPEG's scan has wrong parameters");
        return;
    // If data was missing before it, JWRN_HIT_MARKER follows.
    case JWRN_JPEG_EOF: picture->is_cut_off = true; return;
    default: on_error(reader);
    }
}

static void on_progress(j_common_ptr common) {
    jpeg_picture *picture = common->client_data;
    if (picture->reader.input_scan_number > picture->base.limits.scans)
        nn_fail(&picture->base, "a JPEG of more than %d scans", picture->base.limits.scans);
}

// Notes where the metadata is. jpeg_save_markers would keep a copy of every such segment, of which a hostile
// file has millions. jpeg_mem_src has the whole file in its buffer.
static boolean on_app1(j_decompress_ptr reader) {
    jpeg_picture *picture = reader->client_data;
    struct jpeg_source_mgr *source = reader->src;
    const uint8_t *segment = source->next_input_byte;
    if (source->bytes_in_buffer < 2) nn_fail_cut_off(&picture->base);
    size_t bytes = (size_t)segment[0] << 8 | segment[1]; // these two as well
    if (bytes < 2) bytes = 2;
    if (source->bytes_in_buffer < bytes) nn_fail_cut_off(&picture->base);
    source->next_input_byte += bytes;
    source->bytes_in_buffer -= bytes;
    nn_find_in_app1(&picture->base, segment + 2, bytes - 2);
    return TRUE;
}

// Whether a JPEG of several scans that ends without EOI has all of its data: each coefficient (or -1: none)
// to its last bit (0). A sequential one does not tell.
static bool has_all_scans(const struct jpeg_decompress_struct *reader) {
    if (!reader->coef_bits) return false;
    for (int i = 0; i < reader->num_components; i++) {
        for (int k = 0; k < DCTSIZE2; k++) {
            if (reader->coef_bits[i][k] != 0) return false;
        }
    }
    return true;
}

// A block has 64 coefficients of two bytes.
static uint64_t coefficient_bytes(const struct jpeg_decompress_struct *reader) {
    uint64_t blocks = 0;
    for (int i = 0; i < reader->num_components; i++) {
        const jpeg_component_info *component = &reader->comp_info[i];
        blocks += (uint64_t)component->width_in_blocks * component->height_in_blocks;
    }
    return blocks * sizeof(JBLOCK);
}

static void open_picture(nn_picture *base) {
    jpeg_picture *picture = (jpeg_picture *)base;
    struct jpeg_decompress_struct *reader = &picture->reader;
    reader->err = jpeg_std_error(&picture->errors);
    reader->err->error_exit = on_error;
    reader->err->emit_message = on_message;
    reader->client_data = picture;
    jpeg_create_decompress(reader);
    picture->progress.progress_monitor = on_progress;
    reader->progress = &picture->progress;
    jpeg_mem_src(reader, base->bytes, (unsigned long)base->count);
    jpeg_set_marker_processor(reader, JPEG_APP0 + 1, on_app1);
    jpeg_read_header(reader, TRUE);
    nn_check_size(base, reader->image_width, reader->image_height);
    // What libjpeg can read of these depends on its version.
    if (reader->data_precision != 8) ERREXIT1(reader, JERR_BAD_PRECISION, reader->data_precision);
    if (reader->arith_code) ERREXIT(reader, JERR_ARITH_NOTIMPL);
    bool has_scans = jpeg_has_multiple_scans(reader);
    if (has_scans) nn_check_memory(base, "a progressive", coefficient_bytes(reader));

    bool is_cmyk = reader->jpeg_color_space == JCS_CMYK || reader->jpeg_color_space == JCS_YCCK;
    reader->out_color_space = is_cmyk ? JCS_CMYK : JCS_RGB;
    if (is_cmyk && !(picture->cmyk = malloc((size_t)4 * base->width))) nn_fail_without_memory(base);
    jpeg_start_decompress(reader);
    if (has_scans && picture->is_cut_off && !has_all_scans(reader)) nn_fail_cut_off(base);
}

// a * b / 255, to the nearest whole number.
static uint8_t scaled(uint8_t a, uint8_t b) { return (uint8_t)((a * b + 127) / 255); }

static void read_row(nn_picture *base, uint8_t *row) {
    jpeg_picture *picture = (jpeg_picture *)base;
    JSAMPROW rows[] = {picture->cmyk ? picture->cmyk : row};
    jpeg_read_scanlines(&picture->reader, rows, 1);
    if (!picture->cmyk) return;
    // By the convention that Photoshop began, 255 means no ink.
    const uint8_t *end = picture->cmyk + (size_t)4 * base->width;
    for (const uint8_t *from = picture->cmyk; from < end; from += 4, row += 3) {
        for (int channel = 0; channel < 3; channel++) row[channel] = scaled(from[channel], from[3]);
    }
}

static void finish(nn_picture *base) {
    jpeg_picture *picture = (jpeg_picture *)base;
    jpeg_finish_decompress(&picture->reader);
    if (picture->is_cut_off)
        nn_flaw(base, "the end of the JPEG (EOI) is missing");
    else
        nn_flaw_bytes_behind(base, picture->reader.src->bytes_in_buffer);
}

static void close_picture(nn_picture *base) {
    jpeg_picture *picture = (jpeg_picture *)base;
    jpeg_destroy_decompress(&picture->reader);
    free(picture->cmyk);
    free(picture);
}

const nn_format nn_jpeg = {"JPEG", open_picture, read_row, finish, close_picture};

nn_picture *nn_jpeg_new(void) {
    jpeg_picture *picture = calloc(1, sizeof *picture);
    if (picture) picture->base.format = &nn_jpeg;
    return (nn_picture *)picture;
}
