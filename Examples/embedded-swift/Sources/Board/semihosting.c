/// ARM's "Semihosting for AArch32 and AArch64": a breakpoint with a number asks the debugger to do something.
#include "board.h"

enum { OPEN = 0x01, CLOSE = 0x02, WRITE_CHARACTER = 0x03, READ = 0x06, COMMAND_LINE = 0x15, EXIT = 0x20 };
enum { READ_BINARY = 1, APPLICATION_EXIT = 0x20026 };

static int32_t ask(uint32_t operation, const void *block) {
    register uint32_t r0 __asm__("r0") = operation;
    register const void *r1 __asm__("r1") = block;
    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
    return (int32_t)r0;
}

int putchar(int character) {
    const char byte = (char)character;
    ask(WRITE_CHARACTER, &byte);
    return character;
}

const char *board_word(int32_t index) {
    static char line[1024]; // the firmware's own name, then its words
    if (line[0] == 0) {
        const uint32_t block[2] = {(uint32_t)line, sizeof line};
        if (ask(COMMAND_LINE, block) != 0) return NULL;
        for (char *c = line; *c; c++)
            if (*c == ' ') *c = 0; // the bytes behind the last word are zeros already
    }
    const char *word = line;
    for (int32_t i = 0; *word && i <= index; i++) {
        while (*word) word++;
        word++;
    }
    return *word ? word : NULL;
}

int32_t board_open(const char *name) {
    uint32_t length = 0;
    while (name[length]) length++;
    const uint32_t block[3] = {(uint32_t)name, READ_BINARY, length};
    return ask(OPEN, block);
}

size_t board_read(int32_t file, uint8_t *to, size_t count) {
    const uint32_t block[3] = {(uint32_t)file, (uint32_t)to, count};
    return count - (size_t)ask(READ, block); // it answers what is left to read
}

void board_close(int32_t file) { ask(CLOSE, &file); }

void board_exit(int32_t code) {
    const uint32_t block[2] = {APPLICATION_EXIT, (uint32_t)code};
    ask(EXIT, block);
    for (;;) {
    }
}
