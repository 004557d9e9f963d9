/// What teach-camera needs from a board in addition to firmware/board.h: a camera, two buttons, a light, a
/// watchdog, and sleep. A port implements these, and of board.h this_board, board_write, board_card_read,
/// board_card_write, board_microseconds and board_end.
#ifndef CAMERA_H
#define CAMERA_H

#include "board.h"

/// Takes a picture, and says how many pixels it has. Returns false if there is none.
bool board_frame(uint32_t *width, uint32_t *height);

/// Writes the picture's next row, R G B, from the top. Returns false on failure.
bool board_frame_row(uint8_t *row);

#define BUTTON_A 1
#define BUTTON_B 2

/// The buttons that are down, added. They may bounce.
uint32_t board_buttons(void);

/// Shows a pattern of 16 bits again and again: a bit is a sixteenth of a second, the lowest comes first; 1 is
/// light.
void board_light(uint32_t pattern);

/// Feeds the watchdog, which resets the board otherwise. The firmware feeds it between two slices of work.
/// Its period must be longer than the longest slice, of 2 million instructions, and what the card needs for
/// the blocks that are read in it.
void board_watchdog(void);

/// Sleeps for so many microseconds, or until a button changes. The watchdog is fed meanwhile.
void board_sleep(uint32_t microseconds);

#endif
