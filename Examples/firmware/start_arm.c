// Start-up code of a Cortex-M: vector table, floating point unit if there is one, memory.
#include "board.h"
#include "console.h"

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
    board_start();
    firmware();
}

__attribute__((weak)) void board_start(void) {}

__attribute__((weak)) void board_exception(uint32_t number) {
    print("exception ");
    print_number(number);
    print("\n");
    board_end(70);
}

/// Handles everything in the vector table behind reset. The register IPSR has the exception's number.
static void exception(void) {
    uint32_t number;
    __asm__ volatile("mrs %0, ipsr" : "=r"(number));
    board_exception(number & 0x1ff);
}

/// The exceptions of the processor that follow reset (NMI, faults, SysTick and so on, 2 ... 15), then the
/// interrupts of the chip's devices: as many as the processor can have.
#if __ARM_ARCH == 6
enum { EXCEPTIONS = 14, INTERRUPTS = 32 };
#else
enum { EXCEPTIONS = 14, INTERRUPTS = 240 };
#endif

#pragma GCC diagnostic ignored "-Wpedantic" // for [0 ... 9]
__attribute__((section(".vectors"), used)) static const struct {
    uint32_t *stack;
    void (*reset)(void);
    void (*handler[EXCEPTIONS + INTERRUPTS])(void);
} vectors = {stack_highest, reset, {[0 ... EXCEPTIONS + INTERRUPTS - 1] = exception}};
