// STM32F405: Cortex-M4F, 1 MB of flash, 128 KB of RAM. It trains in float.
#include "board.h"

_Alignas(8) static uint8_t arena[NNK_DUAL_BYTES(DEEP, 4, 209)];
_Static_assert(sizeof arena == 115304, "README and docs/BOARDS.md say so");

const board this_board = {"STM32F405", &nnk_f32_dual, &nnk_f32_inference, arena, sizeof arena};

/// Timer 2 counts all 32 bits. Out of reset its clock has 16 MHz; QEMU's has 1 GHz, and needs no start of the
/// clock.
enum { TIMER_MHZ = 1000 };
#define CLOCK_ENABLE (*(volatile uint32_t *)0x40023840) // RCC_APB1ENR
#define TIMER        ((volatile uint32_t *)0x40000000)  // TIM2
enum { CONTROL = 0x00 / 4, EVENT = 0x14 / 4, COUNT = 0x24 / 4, PRESCALER = 0x28 / 4 };

uint32_t board_microseconds(void) {
    if (!(TIMER[CONTROL] & 1)) {
        CLOCK_ENABLE |= 1;
        TIMER[PRESCALER] = TIMER_MHZ - 1;
        TIMER[EVENT] = 1; // takes the prescaler over
        TIMER[CONTROL] = 1;
    }
    return TIMER[COUNT];
}
