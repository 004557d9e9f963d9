#define _POSIX_C_SOURCE 200809L // sigaction

#include "interrupt.h"

#include "exit_codes.h"
#include "ranks.h"
#include <signal.h>
#include <stddef.h>

static volatile sig_atomic_t is_requested;

static void request(int number) {
    (void)number;
    is_requested = 1;
}

void interrupt_watch(void) {
    struct sigaction action = {.sa_handler = request, .sa_flags = (int)SA_RESETHAND | SA_RESTART};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

bool interrupt_is_requested(void) { return is_requested; }

void interrupt_poll(void) {
    ranks_poll();
    if (is_requested) ranks_fail(EXIT_INTERRUPTED, "interrupted");
}
