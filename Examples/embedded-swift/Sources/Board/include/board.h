/// What the firmware needs of its board: an image's bytes from somewhere, a text to somewhere. Here both are
/// the debugger's (ARM semihosting), so QEMU can stand in for the board.
#ifndef BOARD_H
#define BOARD_H

#include <stddef.h>
#include <stdint.h>

/// The model file, in flash.
extern const uint8_t *const board_model;
extern const size_t board_model_bytes;

/// The words of the command line, the images' names; NULL behind the last.
const char *board_word(int32_t index);

/// Opens a file; below 0 if that fails.
int32_t board_open(const char *name);

/// Up to `count` bytes of it; 0 at its end.
size_t board_read(int32_t file, uint8_t *to, size_t count);

void board_close(int32_t file);

/// Ends the emulation with that exit code.
_Noreturn void board_exit(int32_t code);

/// Where Swift's print goes.
int putchar(int character);

#endif
