// The camera and the LED by semihosting: the images are in the file image.bin, one after the other, and the
// LED is a symbol on the console. Replace this file for another board.
#include "board.h"
#include "blink.h"
#include "semihosting.h"

enum { NO_INPUT = 66 };

uint32_t board_receive(uint8_t *bytes, uint32_t count) {
    static const char name[] = "image.bin";
    static intptr_t file = -1;
    if (file < 0)
        file = semihosting(OPEN, (const uintptr_t[]){(uintptr_t)name, OPEN_TO_READ, sizeof name - 1});
    if (file < 0) {
        board_write("image.bin: cannot be opened\n");
        board_end(NO_INPUT);
    }
    return count - (uint32_t)semihosting(READ, (const uintptr_t[]){(uintptr_t)file, (uintptr_t)bytes, count});
}

void board_led(int32_t is_on) { board_write(is_on ? "(*) " : "( ) "); }
