// A library that stands before the C library (LD_PRELOAD): it lists the system calls of a program and of its
// children that read or write, and makes them fail.
//
//     CALLS_LOG=FILE      a file for the list: its size says for how many calls there is room
//     CALLS_FAULT="N once|always KIND GROUP"   at the first call of that group that is call N, counted from
//     0, or a later
//                         one; `always`: and at all others of the group from there on. The order of calls of
//                         several threads changes, so N alone does not name a call. GROUP: a letter, below;
//                         `*`: any. KIND: `kill` ends the program by SIGKILL; `short` moves half of the
//                         bytes; a number is errno
//     CALLS_CLOCK=SECONDS the monotonic clock goes on by so much whenever somebody looks at it
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

typedef enum group {
    OPEN = 'o',
    LIST = 'l',
    CREATE = 'c',
    READ = 'r',
    WRITE = 'w',
    SYNC = 's',
    CLOSE = 'x'
} group;

/// A line of the list.
typedef struct call {
    char group;
    char is_hit; ///< 1: it was made to fail
    char name[14];
    char path[240]; ///< or its end
} call;

/// Shared with children: a count, then the calls.
typedef struct call_log {
    atomic_uint count;
    uint8_t padding[252];
    call calls[];
} call_log;

static call_log *list;
static unsigned room;
static pid_t program;
static unsigned fault_at = UINT32_MAX;
static bool is_for_ever, is_kill, is_short;
static int fault_errno;
static char fault_group; // *: any
static atomic_bool is_over;
static double clock_step;
static _Atomic int64_t clock_ahead; // nanoseconds

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("CALLS_LOG"), *fault = getenv("CALLS_FAULT"), *step = getenv("CALLS_CLOCK");
    struct stat s;
    clock_step = step ? atof(step) : 0;
    program = getpid();
    if (!path) return;
    const int file = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC, 0);
    if (file < 0 || fstat(file, &s) != 0) return;
    list = mmap(NULL, (size_t)s.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    syscall(SYS_close, file);
    if (list == MAP_FAILED) abort();
    room = (unsigned)(((size_t)s.st_size - sizeof *list) / sizeof(call));
    char when[8], kind[8];
    if (!fault || sscanf(fault, "%u %7s %7s %c", &fault_at, when, kind, &fault_group) != 4) return;
    is_for_ever = strcmp(when, "always") == 0;
    is_kill = strcmp(kind, "kill") == 0;
    is_short = strcmp(kind, "short") == 0;
    fault_errno = atoi(kind);
}

typedef enum fate { GO_ON, FAIL, SHORT } fate;

/// Lists a call, and says what becomes of it. FAIL: errno is set.
static fate meet(group g, const char *name, const char *path, int file) {
    if (!list) return GO_ON;
    const int saved = errno;
    const unsigned n = atomic_fetch_add(&list->count, 1);
    call nobody, *c = n < room ? &list->calls[n] : &nobody;
    if (n < room) {
        char link[64];
        c->group = (char)g;
        // A child has no handlers of signals, so that no call of it is interrupted.
        snprintf(c->name, sizeof c->name, "%s%s", getpid() == program ? "" : "child ", name);
        if (path) {
            const size_t length = strlen(path);
            strncpy(c->path, length < sizeof c->path ? path : path + length - sizeof c->path + 1,
                    sizeof c->path - 1);
        } else {
            snprintf(link, sizeof link, "/proc/self/fd/%d", file);
            syscall(SYS_readlinkat, AT_FDCWD, link, c->path, sizeof c->path - 1);
        }
    }
    errno = saved;
    if (n < fault_at || (fault_group != '*' && fault_group != (char)g)) return GO_ON;
    if (atomic_exchange(&is_over, true) && !is_for_ever) return GO_ON;
    c->is_hit = 1;
    if (is_kill) {
        kill(program, SIGKILL);
        for (;;) pause();
    }
    if (is_short) return SHORT;
    errno = fault_errno;
    return FAIL;
}

static size_t shorter(fate f, size_t count) { return f == SHORT && count > 1 ? count / 2 : count; }

// ---- Reading and writing ----------------------------------------------------------------------------------

ssize_t read(int file, void *bytes, size_t count) {
    const fate f = meet(READ, "read", NULL, file);
    return f == FAIL ? -1 : syscall(SYS_read, file, bytes, shorter(f, count));
}

ssize_t pread(int file, void *bytes, size_t count, off_t at) {
    const fate f = meet(READ, "pread", NULL, file);
    return f == FAIL ? -1 : syscall(SYS_pread64, file, bytes, shorter(f, count), at);
}
ssize_t pread64(int file, void *bytes, size_t count, off_t at) { return pread(file, bytes, count, at); }

ssize_t readv(int file, const struct iovec *parts, int count) {
    const fate f = meet(READ, "readv", NULL, file);
    return f == FAIL ? -1 : syscall(SYS_readv, file, parts, f == SHORT ? 1 : count);
}

ssize_t write(int file, const void *bytes, size_t count) {
    const fate f = meet(WRITE, "write", NULL, file);
    return f == FAIL ? -1 : syscall(SYS_write, file, bytes, shorter(f, count));
}

ssize_t pwrite(int file, const void *bytes, size_t count, off_t at) {
    const fate f = meet(WRITE, "pwrite", NULL, file);
    return f == FAIL ? -1 : syscall(SYS_pwrite64, file, bytes, shorter(f, count), at);
}
ssize_t pwrite64(int file, const void *bytes, size_t count, off_t at) {
    return pwrite(file, bytes, count, at);
}

ssize_t writev(int file, const struct iovec *parts, int count) {
    const fate f = meet(WRITE, "writev", NULL, file);
    return f == FAIL ? -1 : syscall(SYS_writev, file, parts, f == SHORT ? 1 : count);
}

int fsync(int file) { return meet(SYNC, "fsync", NULL, file) == FAIL ? -1 : (int)syscall(SYS_fsync, file); }
int fdatasync(int file) {
    return meet(SYNC, "fdatasync", NULL, file) == FAIL ? -1 : (int)syscall(SYS_fdatasync, file);
}

/// A close that fails has closed the file all the same.
int close(int file) {
    const fate f = meet(CLOSE, "close", NULL, file);
    const int failure = errno, status = (int)syscall(SYS_close, file);
    if (f == FAIL) errno = failure;
    return f == FAIL ? -1 : status;
}

// ---- Names ------------------------------------------------------------------------------------------------

static int open_at(int folder, const char *path, int flags, mode_t mode) {
    // Of /proc and /sys the runtimes ask what the machine has: no device can fail there.
    if (strncmp(path, "/proc/", 6) == 0 || strncmp(path, "/sys/", 5) == 0)
        return (int)syscall(SYS_openat, folder, path, flags, mode);
    const bool makes = flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE;
    if (meet(makes ? CREATE : OPEN, makes ? "create" : "open", path, -1) == FAIL) return -1;
    return (int)syscall(SYS_openat, folder, path, flags, mode);
}

static mode_t mode_of(int flags, va_list more) {
    return flags & (O_CREAT | O_TMPFILE) ? va_arg(more, mode_t) : 0;
}

#define OPEN_AT(folder)                                                                                      \
    va_list more;                                                                                            \
    va_start(more, flags);                                                                                   \
    const mode_t mode = mode_of(flags, more);                                                                \
    va_end(more);                                                                                            \
    return open_at(folder, path, flags, mode);

int open(const char *path, int flags, ...) { OPEN_AT(AT_FDCWD) }
int open64(const char *path, int flags, ...) { OPEN_AT(AT_FDCWD) }
int openat(int folder, const char *path, int flags, ...) { OPEN_AT(folder) }
int openat64(int folder, const char *path, int flags, ...){OPEN_AT(folder)}

DIR *opendir(const char *path) {
    DIR *(*next)(const char *) = (DIR * (*)(const char *)) dlsym(RTLD_NEXT, "opendir");
    return meet(LIST, "opendir", path, -1) == FAIL ? NULL : next(path);
}

DIR *fdopendir(int file) {
    DIR *(*next)(int) = (DIR * (*)(int)) dlsym(RTLD_NEXT, "fdopendir");
    return meet(LIST, "fdopendir", NULL, file) == FAIL ? NULL : next(file);
}

struct dirent *readdir(DIR *folder) {
    struct dirent *(*next)(DIR *) = (struct dirent * (*)(DIR *)) dlsym(RTLD_NEXT, "readdir");
    return meet(LIST, "readdir", NULL, dirfd(folder)) == FAIL ? NULL : next(folder);
}

int renameat2(int from, const char *old, int to, const char *new, unsigned flags) {
    return meet(CREATE, "rename", new, -1) == FAIL ? -1
                                                   : (int)syscall(SYS_renameat2, from, old, to, new, flags);
}
int rename(const char *old, const char *new) { return renameat2(AT_FDCWD, old, AT_FDCWD, new, 0); }
int renameat(int from, const char *old, int to, const char *new) { return renameat2(from, old, to, new, 0); }

int unlinkat(int folder, const char *path, int flags) {
    return meet(CREATE, "unlink", path, -1) == FAIL ? -1 : (int)syscall(SYS_unlinkat, folder, path, flags);
}
int unlink(const char *path) { return unlinkat(AT_FDCWD, path, 0); }

int linkat(int from, const char *old, int to, const char *new, int flags) {
    return meet(CREATE, "link", new, -1) == FAIL ? -1 : (int)syscall(SYS_linkat, from, old, to, new, flags);
}
int link(const char *old, const char *new) { return linkat(AT_FDCWD, old, AT_FDCWD, new, 0); }

int mkdirat(int folder, const char *path, mode_t mode) {
    return meet(CREATE, "mkdir", path, -1) == FAIL ? -1 : (int)syscall(SYS_mkdirat, folder, path, mode);
}
int mkdir(const char *path, mode_t mode) { return mkdirat(AT_FDCWD, path, mode); }

int ftruncate(int file, off_t size) {
    return meet(CREATE, "ftruncate", NULL, file) == FAIL ? -1 : (int)syscall(SYS_ftruncate, file, size);
}
int ftruncate64(int file, off_t size) { return ftruncate(file, size); }

int fchmod(int file, mode_t mode) {
    return meet(CREATE, "fchmod", NULL, file) == FAIL ? -1 : (int)syscall(SYS_fchmod, file, mode);
}

// ---- The clock --------------------------------------------------------------------------------------------

int clock_gettime(clockid_t clock, struct timespec *now) {
    const int status = (int)syscall(SYS_clock_gettime, clock, now);
    if (status != 0 || clock_step <= 0 || clock == CLOCK_REALTIME) return status;
    const int64_t ahead = atomic_fetch_add(&clock_ahead, (int64_t)(clock_step * 1e9)) + now->tv_nsec;
    now->tv_sec += ahead / 1000000000;
    now->tv_nsec = ahead % 1000000000;
    return 0;
}
