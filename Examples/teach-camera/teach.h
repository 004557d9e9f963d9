/// What the parts of the firmware call between two slices of work.
#ifndef TEACH_H
#define TEACH_H

/// Feeds the watchdog, and looks at the buttons.
void teach_alive(void);

#endif
