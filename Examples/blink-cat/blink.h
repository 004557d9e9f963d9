/// What blink.c needs from a board in addition to board.h.
#ifndef BLINK_H
#define BLINK_H

#include <stdint.h>

/// Receives the next `count` bytes of the images. Returns how many it got: fewer than `count` at the end.
uint32_t board_receive(uint8_t *bytes, uint32_t count);

/// Switches the LED on or off.
void board_led(int32_t is_on);

#endif
