/// From reset to main, on a Cortex-M4F.
#include "board.h"

int main(int, char **);

// Of the linker script.
extern uint32_t stack_top[], data_start[], data_end[], data_in_flash[], bss_start[], bss_end[];

_Noreturn void reset(void);
_Noreturn void reset(void) {
    volatile uint32_t *const coprocessors = (uint32_t *)0xe000ed88; // CPACR
    *coprocessors |= 0xfu << 20;                                    // the FPU: CP10 and CP11
    __asm__ volatile("dsb\n\tisb");
    const uint32_t *from = data_in_flash;
    for (uint32_t *to = data_start; to < data_end; to++) *to = *from++;
    for (uint32_t *to = bss_start; to < bss_end; to++) *to = 0;
    board_exit(main(0, 0));
}

_Noreturn static void fault(void) { board_exit(70); }

__attribute__((section(".vectors"), used)) static const struct {
    uint32_t *stack;
    void (*handlers[6])(void);
} vectors = {stack_top, {reset, fault, fault, fault, fault, fault}};
