// Console, card and end of a board by semihosting: requests that a debugger or an emulator answers with its
// own files. The card is the file card.img in the folder where that program was started.
#include "semihosting.h"
#include "board.h"

// The calling convention puts both arguments into the registers where semihosting expects them.
#if defined(__arm__)
__asm__(".pushsection .text.semihosting\n.thumb_func\n.global semihosting\n"
        "semihosting: bkpt 0xab\nbx lr\n.popsection");
#else
// The two shifts do nothing: they mark this ebreak as a request. All three must be uncompressed and on one
// page.
__asm__(".pushsection .text.semihosting\n.option push\n.option norvc\n.balign 16\n.global semihosting\n"
        "semihosting: slli zero, zero, 0x1f\nebreak\nsrai zero, zero, 7\nret\n.option pop\n.popsection");
#endif

void board_write(const char *text) { semihosting(WRITE_TEXT, text); }

/// Opens the card at the first call, and seeks to a block. Returns the file handle, or less than 0 on
/// failure.
static intptr_t card_at(uint32_t block) {
    static const char name[] = "card.img";
    static intptr_t card = -1;
    if (card < 0)
        card = semihosting(OPEN, (const uintptr_t[]){(uintptr_t)name, OPEN_TO_UPDATE, sizeof name - 1});
    if (card < 0) return -1;
    const uintptr_t seek[] = {(uintptr_t)card, (uintptr_t)block * CARD_BLOCK};
    return semihosting(SEEK, seek) == 0 ? card : -1;
}

static int32_t transfer(intptr_t request, uint32_t block, uintptr_t bytes) {
    const intptr_t card = card_at(block);
    return card >= 0 && semihosting(request, (const uintptr_t[]){(uintptr_t)card, bytes, CARD_BLOCK}) == 0;
}

int32_t board_card_read(uint32_t block, uint8_t bytes[CARD_BLOCK]) {
    return transfer(READ, block, (uintptr_t)bytes);
}

int32_t board_card_write(uint32_t block, const uint8_t bytes[CARD_BLOCK]) {
    return transfer(WRITE, block, (uintptr_t)bytes);
}

void board_end(int32_t code) {
    semihosting(EXIT, (const uintptr_t[]){ENDED_BY_ITSELF, (uintptr_t)code});
    for (;;) {
    }
}
