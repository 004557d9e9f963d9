// STM32F405: Cortex-M4F, 1 MB of flash, 128 KB of RAM. Trains in float.
#include "board.h"

_Alignas(8) static uint8_t arena[BOARD_ARENA_BYTES(4)];
_Static_assert(IMAGES != 209 || sizeof arena == 119000, "README.md and docs/BOARDS.md state this size");
_Static_assert(NNK_DUAL_BYTES(DEEP, 4, 209) == 115416, "and this one, without centring");

const board this_board = {"STM32F405", &nnk_f32_dual, &nnk_f32_inference, arena, sizeof arena};

// ---- Clocks (RM0090) --------------------------------------------------------------------------------------

#define FLASH_CONTROL (*(volatile uint32_t *)0x40023c00)
#define RCC           ((volatile uint32_t *)0x40023800)
#define TIMER         ((volatile uint32_t *)0x40000000) // timer 2, which counts in 32 bits

enum { RCC_CONTROL = 0x00 / 4, RCC_PLL = 0x04 / 4, RCC_CLOCKS = 0x08 / 4, RCC_APB1 = 0x40 / 4 };
enum { HSI_READY = 1 << 1, PLL_ON = 1 << 24, PLL_READY = 1 << 25, TIMER_2_ON = 1 };
enum { CONTROL = 0x00 / 4, EVENT = 0x14 / 4, COUNT = 0x24 / 4, PRESCALER = 0x28 / 4 };

/// Waits until the bits of a mask are `value`, but not for ever; true if they are.
static bool becomes(volatile uint32_t *word, uint32_t mask, uint32_t value) {
    for (uint32_t i = 0; i < 100000; i++)
        if ((*word & mask) == value) return true;
    return false;
}

/// Runs the processor at 168 MHz from the internal oscillator of 16 MHz, which every board has: 16 / 16 * 336
/// / 2. Crystals differ: with one of 8 MHz, set RCC_CONTROL's bit 16 and wait for bit 17, then RCC_PLL's bit
/// 22, and divide by 8 in its place. Returns the MHz of timer 2: twice those of its bus, 168 / 4.
static uint32_t start_clocks(void) {
    enum { OSCILLATOR_MHZ = 16, TIMER_MHZ = 84, EMULATED_MHZ = 1000 };
    enum { WAIT_5_CYCLES = 5, PREFETCH_AND_CACHES = 7 << 8, BUS_1_BY_4 = 5 << 10, BUS_2_BY_2 = 4 << 13 };
    if (!(RCC[RCC_CONTROL] & HSI_READY)) return EMULATED_MHZ; // QEMU has no RCC, and a timer at 1 GHz
    RCC[RCC_PLL] = 16 | 336 << 6 | 7 << 24;
    RCC[RCC_CONTROL] |= PLL_ON;
    FLASH_CONTROL = WAIT_5_CYCLES | PREFETCH_AND_CACHES;
    if (!becomes(&RCC[RCC_CONTROL], PLL_READY, PLL_READY) || !becomes(&FLASH_CONTROL, 7, WAIT_5_CYCLES))
        return OSCILLATOR_MHZ;
    RCC[RCC_CLOCKS] = BUS_1_BY_4 | BUS_2_BY_2;     // not too fast for them
    RCC[RCC_CLOCKS] = BUS_1_BY_4 | BUS_2_BY_2 | 2; // from the PLL
    return becomes(&RCC[RCC_CLOCKS], 3 << 2, 2 << 2) ? TIMER_MHZ : OSCILLATOR_MHZ / 4 * 2;
}

void board_start(void) {
    const uint32_t timer_mhz = start_clocks();
    RCC[RCC_APB1] |= TIMER_2_ON;
    TIMER[PRESCALER] = timer_mhz - 1;
    TIMER[EVENT] = 1; // loads the prescaler
    TIMER[CONTROL] = 1;
}

uint32_t board_microseconds(void) { return TIMER[COUNT]; }
