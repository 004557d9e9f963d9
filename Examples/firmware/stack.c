// Measures the deepest stack: the free stack is filled with a pattern at the start, and searched for it
// later.
#include "board.h"

extern uint32_t data_first[], stack_lowest[], stack_highest[]; // from the linker script

enum { PAINT = 0x5ac35ac3, OWN_WORDS = 32 }; // more than the frame of stack_paint

__attribute__((noinline)) void stack_paint(void) {
    const uint32_t *here = (const uint32_t *)__builtin_frame_address(0) - OWN_WORDS;
    for (volatile uint32_t *word = stack_lowest; word < here; word++) *word = PAINT;
}

uint32_t stack_used(void) {
    const volatile uint32_t *word = stack_lowest;
    while (word < stack_highest && *word == PAINT) word++;
    return (uint32_t)(stack_highest - word) * 4;
}

uint32_t ram_used(void) { return (uint32_t)(stack_lowest - data_first) * 4 + stack_used(); }
