#include "buttons.h"
#include "camera.h"

enum { BOUNCING = 10000, LONG = 1000000 }; // microseconds

static uint32_t last, changed;  // the buttons that were down at the last look, and when this changed
static uint32_t pressed, since; // all buttons of the press that is going on, and its begin
static press done;              // not yet taken

void buttons_look(void) {
    const uint32_t down = board_buttons(), now = board_microseconds();
    if (down != last) {
        last = down;
        changed = now;
    } else if (now - changed < BOUNCING) {
        return;
    } else if (down) {
        if (!pressed) since = changed;
        pressed |= down;
    } else if (pressed) {
        const bool is_long = changed - since >= LONG, is_b = pressed == BUTTON_B;
        done = pressed == (BUTTON_A | BUTTON_B) ? PRESS_BOTH : is_long ? LONG_A + is_b : PRESS_A + is_b;
        pressed = 0;
    }
}

press buttons_take(void) {
    const press taken = done;
    done = NO_PRESS;
    return taken;
}

bool buttons_are_in_use(void) { return last || pressed; }
