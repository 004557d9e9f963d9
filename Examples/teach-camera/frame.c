#include "frame.h"
#include "camera.h"
#include "resampling.h"
#include <string.h>

enum { MOST_TAPS = NN_MOST_TAPS(FRAME_MOST_SIDE) };

static uint32_t width, height, weights_width; // weights_width: the width that `across` is for
static uint32_t rows_read, rows_made;
static uint8_t full_row[3 * FRAME_MOST_SIDE]; // as it comes from the camera
/// The rows that one row of the result needs: row y at y % `capacity`. They are 64 pixels wide, or as wide as
/// the frame if columns come first.
static uint8_t window[MOST_TAPS * FRAME_ROW_BYTES];
static uint32_t capacity;
static nn_taps across[NN_SIDE];
static int32_t across_weights[MOST_TAPS * NN_SIDE];

static void weigh_width(void) {
    int32_t *weights = across_weights;
    for (uint32_t i = 0; i < NN_SIDE; i++) {
        across[i] = nn_taps_of(i, width, weights);
        weights += across[i].count;
    }
    weights_width = width;
}

static uint32_t window_row_bytes(void) {
    return nn_columns_come_first(width, height) ? 3 * width : FRAME_ROW_BYTES;
}

const char *frame_begin(void) {
    if (!board_frame(&width, &height)) return "there is no frame";
    if (width < 1 || height < 1 || width > FRAME_MOST_SIDE || height > FRAME_MOST_SIDE)
        return "expected 1 to 320 pixels a side";
    capacity = NN_MOST_TAPS(height);
    if (capacity * window_row_bytes() > sizeof window) return "it is too tall for its width";
    if (width != weights_width) weigh_width();
    rows_read = rows_made = 0;
    return NULL;
}

static void resize_width(const uint8_t *row, uint8_t *result) {
    nn_resample_row(row, 3 * width, across, across_weights, NN_SIDE, result);
}

const char *frame_row(uint8_t result[FRAME_ROW_BYTES]) {
    int32_t weights[MOST_TAPS];
    const nn_taps taps = nn_taps_of(rows_made++, height, weights);
    const bool columns_first = nn_columns_come_first(width, height);
    for (; rows_read < taps.first + taps.count; rows_read++) {
        uint8_t *row = window + rows_read % capacity * window_row_bytes();
        if (!board_frame_row(columns_first ? row : full_row)) return "the camera stopped";
        if (!columns_first) resize_width(full_row, row);
        board_watchdog();
    }
    uint8_t *mixed = columns_first ? full_row : result;
    nn_resample_column(window, window_row_bytes(), capacity, taps, weights, mixed);
    if (columns_first) resize_width(mixed, result);
    return NULL;
}
