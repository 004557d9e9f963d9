/// What the firmware needs from a board. A port implements `this_board`, `board_microseconds` and the four
/// functions for console, card and end; semihosting.c implements these four under a debugger or an emulator.
/// A port to a Cortex-M can also implement `board_start` and `board_exception`.
#ifndef BOARD_H
#define BOARD_H

#include "nnkernel/nnkernel.h"

#define CARD_BLOCK 512 ///< bytes; what SD cards read and write at a time

/// The arena for up to IMAGES training images, centred or not. The Makefile sets IMAGES.
#define BOARD_ARENA_BYTES(real_bytes)                                                                        \
    (NNK_DUAL_BYTES(DEEP, real_bytes, IMAGES) + NNK_DUAL_ADJUSTED_BYTES(DEEP, real_bytes, IMAGES))

typedef struct board {
    const char *name;
    const nnk_arithmetic *arithmetic;
    const nnk_inference *inference;
    uint8_t *arena;     ///< aligned to 8 bytes
    size_t arena_bytes; ///< limits the number of training images
} board;

/// The board's name, precision and memory; defined in the board's folder.
extern const board this_board;

/// Writes text to the console.
void board_write(const char *text);

/// Reads or writes one block of the memory card, by its number (CMD17 and CMD24 of an SD card). A write
/// returns only after the card has stored the block. Returns 1, or 0 on failure.
int32_t board_card_read(uint32_t block, uint8_t bytes[CARD_BLOCK]);
int32_t board_card_write(uint32_t block, const uint8_t bytes[CARD_BLOCK]);

/// A clock in microseconds, modulo 2^32.
uint32_t board_microseconds(void);

/// Ends the program. Code 0 means success.
_Noreturn void board_end(int32_t code);

/// Only on a Cortex-M. Called before `firmware`: starts clocks and devices. Does nothing unless the board
/// defines it.
void board_start(void);

/// Only on a Cortex-M. Handles the exception of that number: 15 is SysTick, 16 the first interrupt of the
/// chip's devices. Unless the board defines it, it prints the number and ends the program.
void board_exception(uint32_t number);

/// The program; the start-up code calls it once memory is set up.
_Noreturn void firmware(void);

/// Fills the free part of the stack with a pattern.
void stack_paint(void);

/// Bytes of the stack at its deepest, since stack_paint.
uint32_t stack_used(void);

/// Bytes of all variables, and of the stack at its deepest.
uint32_t ram_used(void);

#endif
