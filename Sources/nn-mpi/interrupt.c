#define _POSIX_C_SOURCE 200809L // sigaction

#include "interrupt.h"

#include "console.h"
#include "ranks.h"
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

static volatile sig_atomic_t is_requested;
static const options *watching;

static void request(int number) {
    (void)number;
    is_requested = 1;
}

void interrupt_watch(const options *o) {
    struct sigaction action = {.sa_handler = request, .sa_flags = (int)SA_RESETHAND | SA_RESTART};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    watching = o;
}

bool interrupt_is_requested(void) { return is_requested; }

void interrupt_poll(void) {
    ranks_poll();
    if (is_requested) ranks_fail(EXIT_INTERRUPTED, "interrupted");
}

bool interrupt_waits_on(const char *path, unsigned *tenths) {
    const bool is_standard = strcmp(path, "-") == 0;
    ranks_poll();
    // A program that writes to standard input may take its time. A person may not know that it is read.
    if (++*tenths == 10 && (!is_standard || isatty(STDIN_FILENO)))
        console_note(watching, "waiting for %s", is_standard ? "standard input" : path);
    return !is_requested;
}
