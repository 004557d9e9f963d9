// A disk that is slow: LD_PRELOAD of a rank. SLOW_SYNC and SLOW_NAME are seconds that each fsync, and each
// new name of a file, takes.
//
//     cc -shared -fPIC -O2 slow_disk.c -o slow_disk.so
#define _GNU_SOURCE // syscall, usleep

#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

static void sleep_for(const char *name) {
    const char *seconds = getenv(name);
    if (seconds) usleep((useconds_t)(1e6 * atof(seconds)));
}

int fsync(int file) {
    sleep_for("SLOW_SYNC");
    return (int)syscall(SYS_fsync, file);
}

int linkat(int old_folder, const char *old, int new_folder, const char *new, int flags) {
    sleep_for("SLOW_NAME");
    return (int)syscall(SYS_linkat, old_folder, old, new_folder, new, flags);
}

int renameat(int old_folder, const char *old, int new_folder, const char *new) {
    sleep_for("SLOW_NAME");
    return (int)syscall(SYS_renameat2, old_folder, old, new_folder, new, 0);
}
