/// What the user does with the two buttons.
#ifndef BUTTONS_H
#define BUTTONS_H

#include <stdbool.h>
#include <stdint.h>

typedef enum press {
    NO_PRESS,
    PRESS_A, ///< short
    PRESS_B,
    LONG_A, ///< a second or longer
    LONG_B,
    PRESS_BOTH, ///< both were down at the same time
} press;

/// Looks at the buttons. To be called every few milliseconds.
void buttons_look(void);

/// What was done since the last call. A press counts when the buttons are up again.
press buttons_take(void);

/// Whether a button is down or has just changed, so that buttons_look is due soon.
bool buttons_are_in_use(void);

#endif
