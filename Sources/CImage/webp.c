#include "decoder.h"

#if !__has_include(<webp/decode.h>)
#error                                                                                                       \
    "no webp/decode.h: install libwebp-dev pkg-config (Debian, Ubuntu), libwebp-devel (Fedora), webp (Homebrew)"
#endif
#include <stdlib.h>
#include <string.h>
#include <webp/decode.h>

typedef struct webp_picture {
    nn_picture base;
    nn_part still; // chunks ALPH and VP8, or VP8L: the picture, or the first one of an animation
    bool is_extended, is_animated, is_cut_off;
    // The still's place in the picture, which is transparent around it.
    uint32_t left, top, width, height;
    size_t channels; // 3: R G B, or 4: and A
    uint8_t *pixels; // of the still
} webp_picture;

// ---- Chunks -------------------------------------------------------------------------------------

// Type (4 bytes), size (4), data, and a byte if the size is odd. All numbers are little-endian.
enum { HEADER = 8 };

static uint32_t number(const uint8_t *bytes, int count) {
    uint32_t number = 0;
    for (int i = count - 1; i >= 0; i--) number = number << 8 | bytes[i];
    return number;
}

static bool is_chunk(const uint8_t *chunk, const char *type) { return memcmp(chunk, type, 4) == 0; }

// Moves `rest` to the next chunk, whose data is `data`. Returns false at the end, and where a chunk is cut
// off.
static bool next_chunk(webp_picture *picture, nn_part *rest, const uint8_t **chunk, nn_part *data) {
    if (rest->count == 0) return false;
    if (rest->count < HEADER || number(rest->bytes + 4, 4) > rest->count - HEADER) {
        picture->is_cut_off = true;
        return false;
    }
    *chunk = rest->bytes;
    *data = (nn_part){rest->bytes + HEADER, number(rest->bytes + 4, 4)};
    size_t size = HEADER + data->count + data->count % 2;
    if (size > rest->count) size = rest->count;
    *rest = (nn_part){rest->bytes + size, rest->count - size};
    return true;
}

// Notes the chunk if it belongs to a still, and none has been found.
static void find_still(webp_picture *picture, const uint8_t *chunk, nn_part data) {
    bool is_color = is_chunk(chunk, "VP8 ") || is_chunk(chunk, "VP8L");
    nn_part *still = &picture->still;
    if (still->count > 0 || !(is_color || is_chunk(chunk, "ALPH"))) return;
    if (!still->bytes) still->bytes = chunk;
    if (is_color) still->count = (size_t)(data.bytes + data.count - still->bytes); // the first color ends it
}

// The first frame of an animation: its place (halved), its size (less 1), times, and its own chunks.
static void find_frame(webp_picture *picture, nn_part frame) {
    if (picture->still.count > 0) return;
    if (frame.count < 16) nn_fail_damaged(&picture->base, "a frame without a size");
    picture->left = 2 * number(frame.bytes, 3);
    picture->top = 2 * number(frame.bytes + 3, 3);
    picture->width = number(frame.bytes + 6, 3) + 1;
    picture->height = number(frame.bytes + 9, 3) + 1;
    nn_part rest = {frame.bytes + 16, frame.count - 16}, data;
    const uint8_t *chunk;
    while (next_chunk(picture, &rest, &chunk, &data)) find_still(picture, chunk, data);
    if (picture->still.count == 0) nn_fail_damaged(&picture->base, "a frame without a picture");
}

static void read_chunk(webp_picture *picture, const uint8_t *chunk, nn_part data) {
    nn_picture *base = &picture->base;
    if (is_chunk(chunk, "VP8X") && data.count >= 10) {
        picture->is_extended = true;
        picture->is_animated = data.bytes[0] & 2;
        nn_check_size(base, number(data.bytes + 4, 3) + 1, number(data.bytes + 7, 3) + 1);
    } else if (picture->is_animated && is_chunk(chunk, "ANMF")) {
        find_frame(picture, data);
    } else if (is_chunk(chunk, "EXIF") && !base->exif.bytes) {
        base->exif = data;
    } else if (is_chunk(chunk, "XMP ") && !base->xmp.bytes) {
        base->xmp = data;
    } else if (!picture->is_animated) {
        find_still(picture, chunk, data);
    }
}

static void read_chunks(webp_picture *picture) {
    nn_picture *base = &picture->base;
    enum { START = 12 }; // RIFF, the size of all that follows, WEBP
    if (base->count < START) nn_fail_cut_off(base);
    if (!is_chunk(base->bytes, "RIFF") || !is_chunk(base->bytes + 8, "WEBP"))
        nn_fail_damaged(base, "no signature");
    uint64_t size = (uint64_t)number(base->bytes + 4, 4) + HEADER;
    picture->is_cut_off = size > base->count;
    size_t end = picture->is_cut_off ? base->count : size < START ? START : (size_t)size;
    nn_part rest = {base->bytes + START, end - START}, data;
    const uint8_t *chunk;
    while (next_chunk(picture, &rest, &chunk, &data)) read_chunk(picture, chunk, data);
    if (picture->still.count == 0) {
        if (picture->is_cut_off) nn_fail_cut_off(base);
        nn_fail_damaged(base, "no picture in it");
    }
    if (picture->is_cut_off) nn_flaw(base, "the WebP is cut off after its pixels");
    nn_flaw_bytes_behind(base, base->count - end);
}

// ---- Pixels -------------------------------------------------------------------------------------

static const char *text(VP8StatusCode status) {
    switch (status) {
    case VP8_STATUS_BITSTREAM_ERROR: return "broken image data";
    case VP8_STATUS_UNSUPPORTED_FEATURE: return "unknown image data";
    case VP8_STATUS_NOT_ENOUGH_DATA:
    case VP8_STATUS_SUSPENDED: return "image data that ends early";
    default: return "unusable image data";
    }
}

static void check(webp_picture *picture, VP8StatusCode status) {
    if (status == VP8_STATUS_OUT_OF_MEMORY) nn_fail_without_memory(&picture->base);
    if (status != VP8_STATUS_OK) nn_fail_damaged(&picture->base, text(status));
}

// The size of the still, which must be the one that the file has said before.
static void set_size(webp_picture *picture, uint32_t width, uint32_t height) {
    nn_picture *base = &picture->base;
    if (!picture->is_extended) nn_check_size(base, width, height);
    if (!picture->is_animated) {
        picture->width = base->width;
        picture->height = base->height;
    }
    if (picture->width != width || picture->height != height || picture->left + width > base->width ||
        picture->top + height > base->height)
        nn_fail_damaged(base, "sizes that contradict each other");
}

// libwebp makes the whole picture at once.
static void open_picture(nn_picture *base) {
    webp_picture *picture = (webp_picture *)base;
    read_chunks(picture);
    nn_part still = picture->still;
    WebPDecoderConfig config;
    if (!WebPInitDecoderConfig(&config))
        nn_fail(base, "a WebP, for which another version of libwebp is needed");
    check(picture, WebPGetFeatures(still.bytes, still.count, &config.input));
    set_size(picture, (uint32_t)config.input.width, (uint32_t)config.input.height);

    bool has_alpha = config.input.has_alpha, is_lossless = config.input.format == 2;
    picture->channels = has_alpha ? 4 : 3;
    // While it decodes, libwebp keeps 4 bytes of each pixel of lossless data, which the opacity of lossy data
    // may be as well; of that it also keeps the result.
    size_t kept = is_lossless ? 4 : has_alpha ? 5 : 0;
    size_t pixels = (size_t)picture->width * picture->height;
    nn_check_memory(base, "a", (uint64_t)(picture->channels + kept) * pixels);
    picture->pixels = malloc(picture->channels * pixels);
    if (!picture->pixels) nn_fail_without_memory(base);
    config.output.colorspace = has_alpha ? MODE_RGBA : MODE_RGB;
    config.output.is_external_memory = 1;
    config.output.u.RGBA.rgba = picture->pixels;
    config.output.u.RGBA.stride = (int)(picture->channels * picture->width);
    config.output.u.RGBA.size = picture->channels * pixels;
    VP8StatusCode status = WebPDecode(still.bytes, still.count, &config);
    WebPFreeDecBuffer(&config.output);
    check(picture, status);
}

static void read_row(nn_picture *base, uint8_t *row) {
    webp_picture *picture = (webp_picture *)base;
    if (picture->width < base->width || picture->height < base->height)
        memset(row, 255, (size_t)3 * base->width);
    if (base->row < picture->top || base->row - picture->top >= picture->height) return;
    size_t row_bytes = picture->channels * picture->width;
    const uint8_t *from = picture->pixels + row_bytes * (base->row - picture->top);
    uint8_t *to = row + (size_t)3 * picture->left;
    if (picture->channels == 4)
        nn_lay_over_white(from, picture->width, to);
    else
        memcpy(to, from, row_bytes);
}

static void finish(nn_picture *base) { (void)base; }

static void close_picture(nn_picture *base) {
    webp_picture *picture = (webp_picture *)base;
    free(picture->pixels);
    free(picture);
}

const nn_format nn_webp = {"WebP", open_picture, read_row, finish, close_picture};

nn_picture *nn_webp_new(void) {
    webp_picture *picture = calloc(1, sizeof *picture);
    if (picture) picture->base.format = &nn_webp;
    return (nn_picture *)picture;
}
