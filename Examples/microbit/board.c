// The first micro:bit, nRF51822: Cortex-M0, 256 KB of flash, 16 KB of RAM. Trains in float, on 9 images if
// they are not centred.
#include "board.h"

_Alignas(8) static uint8_t arena[NNK_DUAL_BYTES(DEEP, 4, IMAGES)];

const board this_board = {"micro:bit", &nnk_f32_dual, &nnk_f32_inference, arena, sizeof arena};

/// TIMER0 counts 32 bits at 16 MHz / 2^4.
#define TIMER ((volatile uint32_t *)0x40008000)
enum {
    START = 0x000 / 4,
    CAPTURE = 0x040 / 4,
    BITS = 0x508 / 4,
    PRESCALER = 0x510 / 4,
    CAPTURED = 0x540 / 4
};

void board_start(void) {
    TIMER[BITS] = 3; // 32
    TIMER[PRESCALER] = 4;
    TIMER[START] = 1;
}

uint32_t board_microseconds(void) {
    TIMER[CAPTURE] = 1;
    return TIMER[CAPTURED];
}
