// A 32-bit RISC-V with float registers: QEMU's virt machine. Trains in float, in 128 KB of RAM.
#include "board.h"

_Alignas(8) static uint8_t arena[BOARD_ARENA_BYTES(4)];

const board this_board = {"RV32", &nnk_f32_dual, &nnk_f32_inference, arena, sizeof arena};

/// mtime of the core-local interruptor (CLINT), which counts at 10 MHz.
#define TIME ((volatile uint32_t *)0x0200bff8)

uint32_t board_microseconds(void) {
    uint32_t low, high;
    do {
        high = TIME[1];
        low = TIME[0];
    } while (high != TIME[1]);
    return (uint32_t)(((uint64_t)high << 32 | low) / 10);
}
