// A disk that is slow, for LD_PRELOAD: each fsync, and each new name of a file, takes so many seconds.
//
//     cc -shared -fPIC -DSLOW_SYNC=1 -DSLOW_NAME=20 slow_disk.c -o slow_disk.so
#define _GNU_SOURCE // syscall

#include <poll.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SLOW_SYNC
#define SLOW_SYNC 0
#endif
#ifndef SLOW_NAME
#define SLOW_NAME 0
#endif

int fsync(int file) {
    poll(NULL, 0, 1000 * SLOW_SYNC);
    return (int)syscall(SYS_fsync, file);
}

int linkat(int old_folder, const char *old, int new_folder, const char *new, int flags) {
    poll(NULL, 0, 1000 * SLOW_NAME);
    return (int)syscall(SYS_linkat, old_folder, old, new_folder, new, flags);
}

int renameat(int old_folder, const char *old, int new_folder, const char *new) {
    poll(NULL, 0, 1000 * SLOW_NAME);
    return (int)syscall(SYS_renameat2, old_folder, old, new_folder, new, 0);
}
