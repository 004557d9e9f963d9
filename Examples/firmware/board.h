/// What the trainer asks of a board: eight words, which a port writes anew. semihosting.c gives four of them
/// wherever a debugger or an emulator listens.
#ifndef BOARD_H
#define BOARD_H

#include "nnkernel/nnkernel.h"

#define CARD_BLOCK 512 ///< bytes; what SD cards read and write at a time

typedef struct board {
    const char *name;
    const nnk_arithmetic *arithmetic;
    const nnk_inference *inference;
    uint8_t *arena; ///< aligned to 8 bytes; its size says how many images can be trained on
    size_t arena_bytes;
} board;

/// Precision and memory, in the board's own folder.
extern const board this_board;

/// Text for people.
void board_write(const char *text);

/// One block of the memory card, by its number: what an SD card calls CMD17 and CMD24. A write has returned
/// only once the card holds the block. 1, or 0 if it can't.
int32_t board_card_read(uint32_t block, uint8_t bytes[CARD_BLOCK]);
int32_t board_card_write(uint32_t block, const uint8_t bytes[CARD_BLOCK]);

/// A clock that runs through 2^32 microseconds and starts anew.
uint32_t board_microseconds(void);

/// Nothing comes after it. 0: all went well.
_Noreturn void board_end(int32_t code);

/// Starts the program; called by the start-up code with memory set up.
_Noreturn void firmware(void);

/// Fills the free stack with a pattern; later, how many bytes of it have been used at most.
void stack_paint(void);
uint32_t stack_used(void);

/// Bytes of all variables and of the stack at its deepest.
uint32_t ram_used(void);

#endif
