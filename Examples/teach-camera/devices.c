// The light, the watchdog and sleep, as they are under QEMU; the camera and the buttons are in script.c.
// Replace both files for another board. QEMU executes 125 million instructions a second (-icount shift=3),
// about as many as the chip does at 168 MHz.
#include "camera.h"
#include "console.h"
#include "script.h"

enum { WATCHDOG = 25000 }; // microseconds

static uint32_t slept, fed; // microseconds that were slept through; when the watchdog was fed last

uint32_t __real_board_microseconds(void);
uint32_t __wrap_board_microseconds(void);

/// Takes the place of board_microseconds (the Makefile asks the linker for it): while the board sleeps,
/// nothing happens that takes time under QEMU.
uint32_t __wrap_board_microseconds(void) { return __real_board_microseconds() + slept; }

void board_light(uint32_t pattern) {
    static uint32_t shown;
    static char text[] = "light ................\n";
    if (pattern == shown) return;
    shown = pattern;
    for (uint32_t i = 0; i < 16; i++) text[6 + i] = pattern >> i & 1 ? '*' : '.';
    print(text);
}

void board_watchdog(void) {
    const uint32_t now = board_microseconds();
    if (fed && now - fed > WATCHDOG) {
        print("watchdog: not fed for ");
        print_number(now - fed);
        print(" us\n");
        board_end(70);
    }
    fed = now;
}

/// The time that nothing happens in is skipped.
void board_sleep(uint32_t microseconds) {
    const uint32_t now = board_microseconds(), event = script_play(now);
    slept += event - now < microseconds ? event - now : microseconds;
    fed = board_microseconds();
}
