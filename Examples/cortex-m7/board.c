// A Cortex-M7 with double precision: Arm's AN500 on an MPS2 board. Trains in double, in 192 KB of RAM.
#include "board.h"

_Alignas(8) static uint8_t arena[BOARD_ARENA_BYTES(8)];

const board this_board = {"Cortex-M7", &nnk_f64_dual, &nnk_f64_inference, arena, sizeof arena};

/// The board's FPGA has a counter with a prescaler, at 25 MHz.
#define FPGA ((volatile uint32_t *)0x40028000)
enum { COUNTER = 0x18 / 4, PRESCALE = 0x1c / 4, CLOCK_MHZ = 25 };

uint32_t board_microseconds(void) {
    if (FPGA[PRESCALE] != CLOCK_MHZ - 1) FPGA[PRESCALE] = CLOCK_MHZ - 1;
    return FPGA[COUNTER];
}
