// STM32F405: Cortex-M4F, 1 MB of flash, 128 KB of RAM. Trains in float.
#include "board.h"

_Alignas(8) static uint8_t arena[BOARD_ARENA_BYTES(4, 209)];
_Static_assert(sizeof arena == 118944, "README.md and docs/BOARDS.md state this size");
_Static_assert(NNK_DUAL_BYTES(DEEP, 4, 209) == 115360, "and this one, without centring");

const board this_board = {"STM32F405", &nnk_f32_dual, &nnk_f32_inference, arena, sizeof arena};

/// Timer 2 counts in 32 bits. On the chip its clock runs at 16 MHz after reset; in QEMU at 1 GHz, without
/// having to be enabled.
enum { TIMER_MHZ = 1000 };
#define CLOCK_ENABLE (*(volatile uint32_t *)0x40023840) // RCC_APB1ENR
#define TIMER        ((volatile uint32_t *)0x40000000)  // TIM2
enum { CONTROL = 0x00 / 4, EVENT = 0x14 / 4, COUNT = 0x24 / 4, PRESCALER = 0x28 / 4 };

uint32_t board_microseconds(void) {
    if (!(TIMER[CONTROL] & 1)) {
        CLOCK_ENABLE |= 1;
        TIMER[PRESCALER] = TIMER_MHZ - 1;
        TIMER[EVENT] = 1; // loads the prescaler
        TIMER[CONTROL] = 1;
    }
    return TIMER[COUNT];
}
