// LM3S6965: Cortex-M3 without floating point, 256 KB of flash, 64 KB of RAM. Trains in float, on as many
// images as fit if they are not centred.
#include "board.h"

_Alignas(8) static uint8_t arena[NNK_DUAL_BYTES(DEEP, 4, IMAGES)];

const board this_board = {"LM3S6965", &nnk_f32_dual, &nnk_f32_inference, arena, sizeof arena};

/// SysTick, the timer of every Cortex-M3, counts 24 bits down. The clock is that after reset: 12.5 MHz under
/// QEMU, about 12 MHz on the chip.
#define SYSTICK ((volatile uint32_t *)0xe000e010)
enum { CONTROL, RELOAD, COUNT, SYSTICK_EXCEPTION = 15 };
enum { TICKS = 1 << 24, TICKS_IN_2_US = 25 };

static volatile uint32_t rounds;

void board_start(void) {
    SYSTICK[RELOAD] = TICKS - 1;
    SYSTICK[COUNT] = 0;
    SYSTICK[CONTROL] = 7; // on, with exceptions, from the processor's clock
}

void board_exception(uint32_t number) {
    if (number != SYSTICK_EXCEPTION) board_end(70);
    rounds++;
}

uint32_t board_microseconds(void) {
    uint32_t round, count;
    do {
        round = rounds;
        count = SYSTICK[COUNT];
    } while (round != rounds);
    return (uint32_t)((((uint64_t)round << 24) + (TICKS - 1 - count)) * 2 / TICKS_IN_2_US);
}
