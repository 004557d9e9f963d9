/// What blink.c asks of a board besides what board.h says.
#ifndef BLINK_H
#define BLINK_H

#include <stdint.h>

/// The next bytes of the images, from wherever they come. Returns less than `count` at their end.
uint32_t board_receive(uint8_t *bytes, uint32_t count);

/// The LED.
void board_led(int32_t is_on);

#endif
