// The child process: its start, its limits, what is sent between it and its parent, and its end.
#if defined(__linux__) && !defined(_GNU_SOURCE)
#define _GNU_SOURCE
#endif
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#include <sys/syscall.h>
#endif

// ---- The child's limits -------------------------------------------------------------------------

#ifdef __GLIBC__
typedef __rlimit_resource_t resource_kind;
#else
typedef int resource_kind;
#endif

// Lowers a limit; the hard one too, so that nothing raises it again.
static void limit(resource_kind resource, rlim_t soft, rlim_t hard) {
    struct rlimit now;
    if (getrlimit(resource, &now) != 0) return;
    if (hard > now.rlim_max) hard = now.rlim_max;
    if (soft > hard) soft = hard;
    setrlimit(resource, &(struct rlimit){.rlim_cur = soft, .rlim_max = hard});
}

void nn_reader_allow_files(int count) { limit(RLIMIT_NOFILE, (rlim_t)count, (rlim_t)count); }

#ifdef __linux__
// Whether the process could map a page more under this limit, which shows what it has mapped already. /proc
// says it too, but may be missing.
static bool fits(rlim_t bytes, rlim_t hard) {
    if (setrlimit(RLIMIT_AS, &(struct rlimit){.rlim_cur = bytes, .rlim_max = hard}) != 0) return true;
    void *page = mmap(NULL, 1, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page != MAP_FAILED) munmap(page, 1);
    return page != MAP_FAILED;
}

static void limit_memory(uint64_t more) {
    struct rlimit now;
    if (getrlimit(RLIMIT_AS, &now) != 0) return;
    // The smallest limit that fits lies in low ... high. Addresses have 57 bits at most.
    rlim_t low = 0, high = (rlim_t)1 << 57;
    while (high - low > 1 << 16) {
        const rlim_t middle = low + (high - low) / 2;
        if (middle > now.rlim_max || fits(middle, now.rlim_max)) {
            high = middle;
        } else {
            low = middle;
        }
    }
    setrlimit(RLIMIT_AS, &now);
    limit(RLIMIT_AS, high + more, high + more);
}

static void close_from(int first) {
#ifdef SYS_close_range
    if (syscall(SYS_close_range, first, ~0U, 0) == 0) return;
#endif
    const long count = sysconf(_SC_OPEN_MAX);
    for (int file = first; file < (count > 0 && count < 65536 ? count : 65536); ++file) close(file);
}
#else
static void limit_memory(uint64_t more) { limit(RLIMIT_AS, more, more); } // macOS heeds it little

static void close_from(int first) {
    for (int file = first; file < getdtablesize(); ++file) close(file);
}
#endif

// Keeps the socket, as 3, the file, as 4, and nothing else that the parent had open: a crash may not write
// there, and whoever waits for the end of a pipe does not wait for this process.
static void keep_only(int socket, int file) {
    // Above 4, as dup2 would close them there.
    const int kept_socket = fcntl(socket, F_DUPFD, 5);
    const int kept_file = fcntl(file, F_DUPFD, 5);
    const int null = open("/dev/null", O_RDWR);
    if (kept_socket < 0 || kept_file < 0 || null < 0) _exit(NN_CHILD_NO_DESCRIPTORS);
    for (int standard = 0; standard <= 2; ++standard) dup2(null, standard);
    if (dup2(kept_socket, NN_CHILD_SOCKET) < 0 || dup2(kept_file, NN_CHILD_FILE) < 0)
        _exit(NN_CHILD_NO_DESCRIPTORS);
    close_from(NN_CHILD_FILE + 1);
}

// Signals are blocked here, so that no handler of the parent runs in the child.
_Noreturn static void be_child(int socket, int file, const nn_reader_limits *limits) {
    for (int number = 1; number < NSIG; ++number) (void)signal(number, SIG_DFL); // some cannot be set
    sigset_t none;
    sigemptyset(&none);
    pthread_sigmask(SIG_SETMASK, &none, NULL);
    setpgid(0, 0); // Ctrl-C is for the parent, which may have work to save
#ifdef __linux__
    prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif
    keep_only(socket, file);
    limit(RLIMIT_CORE, 0, 0);
    limit(RLIMIT_FSIZE, 0, 0);
    limit(RLIMIT_CPU, limits->processor_seconds, (rlim_t)limits->processor_seconds + 1);
    limit_memory(limits->memory_bytes);
    nn_reader_serve();
}

// ---- The parent ---------------------------------------------------------------------------------

// Other threads may start programs at any time, which must not get the sockets.
static bool make_sockets(int sockets[2]) {
#ifdef __linux__
    return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) == 0;
#else
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) != 0) return false;
    for (int side = 0; side < 2; ++side) {
        fcntl(sockets[side], F_SETFD, FD_CLOEXEC);
        setsockopt(sockets[side], SOL_SOCKET, SO_NOSIGPIPE, &(int){1}, sizeof(int));
    }
    return true;
#endif
}

int nn_reader_start(nn_reader *reader, int file, const nn_reader_limits *limits) {
    int sockets[2];
    if (!make_sockets(sockets)) return errno;
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    const pid_t child = fork();
    if (child == 0) be_child(sockets[1], file, limits);
    const int error = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    close(sockets[1]);
    if (child < 0) {
        close(sockets[0]);
        return error;
    }
    *reader =
        (nn_reader){.child = child, .socket = sockets[0], .limit_ms = (int)limits->answer_seconds * 1000};
    return 0;
}

bool nn_reader_ask(nn_reader *reader, const nn_reader_request *request) {
#ifdef MSG_NOSIGNAL
    const int flags = MSG_NOSIGNAL;
#else
    const int flags = 0;
#endif
    reader->waited_ms = 0;
    const char *bytes = (const char *)request;
    for (size_t sent = 0; sent < sizeof *request;) {
        const ssize_t part = send(reader->socket, bytes + sent, sizeof *request - sent, flags);
        if (part < 0 && errno != EINTR) return false;
        if (part > 0) sent += (size_t)part;
    }
    return true;
}

static int64_t now_ms(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now); // every system has this clock
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

// Waits a little for the child, and counts for how long: not longer, as a program that was stopped in between
// has not waited. False: something is wrong, or the time is over.
static bool wait_a_little(nn_reader *reader, bool *is_ready) {
    const int longest_ms = 100;
    const int64_t began = now_ms();
    const int ready = poll(&(struct pollfd){.fd = reader->socket, .events = POLLIN}, 1, longest_ms);
    *is_ready = ready > 0;
    if (ready < 0 && errno != EINTR) return false;
    const int64_t waited = now_ms() - began;
    reader->waited_ms += (int)(waited < longest_ms ? waited : longest_ms);
    return *is_ready || reader->waited_ms < reader->limit_ms;
}

bool nn_reader_receive(nn_reader *reader, void *bytes, size_t count) {
    for (size_t received = 0; received < count;) {
        bool is_ready = false;
        if (!wait_a_little(reader, &is_ready)) return false;
        if (!is_ready) continue;
        const ssize_t part = recv(reader->socket, (char *)bytes + received, count - received, 0);
        if (part == 0 || (part < 0 && errno != EINTR)) return false;
        if (part > 0) received += (size_t)part;
    }
    return true;
}

nn_reader_end_reason nn_reader_end(nn_reader *reader) {
    close(reader->socket);
    int status = 0;
    // While the child is not waited for, its number is no other process's. One that has ended is not changed
    // by a signal.
    pid_t ended = waitpid(reader->child, &status, WNOHANG);
    if (ended == 0) {
        kill(reader->child, SIGKILL);
        do {
            ended = waitpid(reader->child, &status, 0);
        } while (ended < 0 && errno == EINTR);
    }
    if (reader->waited_ms >= reader->limit_ms) return NN_READER_NOT_ANSWERING;
    // Where the program ignores SIGCHLD, the system does not say how the child ended.
    if (ended != reader->child) return NN_READER_CRASHED;
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU) return NN_READER_OUT_OF_TIME;
    const bool had_no_descriptors = WIFEXITED(status) && WEXITSTATUS(status) == NN_CHILD_NO_DESCRIPTORS;
    return had_no_descriptors ? NN_READER_NO_DESCRIPTORS : NN_READER_CRASHED;
}

bool nn_reader_can_take(size_t bytes) {
    if (bytes == 0) return true;
    // Where the system promises more than it has.
    const long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
    if (pages > 0 && page > 0 && bytes / (size_t)page > (size_t)pages / 2) return false;
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return false;
    munmap(memory, bytes);
    return true;
}
