/// The camera, the buttons and the power of the board, played by the text file script.txt. Each line is a
/// time in seconds, and what happens then:
///
///     0.5 frame cup.ppm      the camera sees this picture from now on, a binary PPM
///     0.7 press A            the button is down for a tenth of a second
///     2.5 press AB 1.5       both buttons are down for 1.5 seconds
///     4 cut 7                power fails in the middle of the 7th block written from now on
///     9 power off            the emulator ends
#ifndef SCRIPT_H
#define SCRIPT_H

#include <stdint.h>

/// Plays what happens up to now, in microseconds since the start. Returns the time of what comes next.
uint32_t script_play(uint32_t now);

#endif
