// Start-up code of a Cortex-M: vector table, floating point unit if there is one, memory.
#include "board.h"

extern uint32_t data_at_rest[], data_first[], data_end[], zeros_first[], zeros_end[], stack_highest[];

static void reset(void) {
#if defined(__ARM_FP)
    // Coprocessors 10 and 11 are the floating point unit, off after reset. Bits 20 to 23 give full access.
    volatile uint32_t *access = (volatile uint32_t *)0xe000ed88;
    *access |= 0xfu << 20;
    __asm__ volatile("dsb\nisb" ::: "memory");
#endif
    const uint32_t *from = data_at_rest;
    for (volatile uint32_t *to = data_first; to < data_end; to++) *to = *from++;
    for (volatile uint32_t *to = zeros_first; to < zeros_end; to++) *to = 0;
    stack_paint();
    firmware();
}

static void fault(void) {
    board_write("fault\n");
    board_end(70);
}

/// Initial stack pointer, reset handler, NMI and the four faults; the firmware uses no interrupts.
__attribute__((section(".vectors"), used)) static const struct {
    uint32_t *stack;
    void (*handler[6])(void);
} vectors = {stack_highest, {reset, fault, fault, fault, fault, fault}};
