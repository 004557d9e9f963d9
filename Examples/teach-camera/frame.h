/// A frame of the camera, resized to 64 x 64 pixels while it arrives, row by row.
#ifndef FRAME_H
#define FRAME_H

#include <stdint.h>

#define FRAME_ROW_BYTES 192 ///< 64 pixels R G B

/// Frames may have up to so many pixels in a row, and so many rows; but not much more than twice as many rows
/// as pixels in a row, whose columns would be resized first.
#define FRAME_MOST_SIDE 320

/// Takes a frame. Returns NULL, or what is wrong with it.
const char *frame_begin(void);

/// Writes the next of the 64 rows. Returns NULL, or what is wrong.
const char *frame_row(uint8_t result[FRAME_ROW_BYTES]);

#endif
