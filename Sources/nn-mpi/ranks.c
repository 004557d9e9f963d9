// Begin, end, heartbeats and failures of ranks.
//
// Each second rank 0 sends a heartbeat to all others, and each of them to rank 0. Nothing is ever waited for
// in MPI itself: all waits are loops of MPI_Test and ranks_poll. So whatever happens to a machine or to its
// link with rank 0, rank 0 notices, and if it can't, the others do, a little later.
//
// A heartbeat to rank 0 also says how far a rank is. So rank 0 notices that two others do not reach each
// other: all ranks have come to an exchange, and it does not end.
//
// One rank prints a failure: rank 0, to which the others hand theirs over, or another one that has lost rank
// 0. It tells all to be quiet. Where a machine is cut off, mpirun should notice that by itself before
// MPI_Abort makes it wait for that machine, and MPI_Abort may hang: an alarm then ends the process.
#define _POSIX_C_SOURCE 200809L // nanosleep, sigaction

#include "ranks.h"

#include "clock.h"
#include "exit_codes.h"
#include "memory.h"
#include "shown_text.h"
#include "waiting.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    SILENCE = 15,             ///< seconds after which a rank is lost
    MPIRUN_NOTICES = 10,      ///< seconds that mpirun has to notice that a machine is lost
    MPIRUN_NOTICES_LATER = 4, ///< the same, if others than rank 0 noticed it, which takes longer
    LAST_TURN = 20,           ///< of others to notice it
    LAST_WAY = 5,             ///< seconds for MPI_Abort
    SOON = 1,                 ///< second from a signal to the end; more than mpirun_reads
    HOST_BYTES = 64,          ///< of a host's name, with its zero
    TEXT_BYTES = 2048,        ///< of a failure's line, with its zero
};

static const double standstill = 20; ///< seconds of an exchange to which all have come; more than SILENCE
static const double hand_over_seconds = 5; ///< in which rank 0 should print another rank's failure
static const double mpirun_reads = 0.5;    ///< seconds after which mpirun has read a line, before it ends all

typedef enum message_kind {
    HEARTBEAT, ///< value: the silence to bear, in seconds
    GOODBYE,   ///< the last message of a rank
    FAILURE,   ///< to be printed. value: the exit code
    QUIET,     ///< another rank prints a failure. value: the exit code
} message_kind;

typedef struct message {
    int32_t kind, value;
    uint64_t steps;        ///< of a heartbeat: those of the rank that sends it
    char text[TEXT_BYTES]; ///< of a failure; other messages end before
} message;

enum { SHORT_MESSAGE = offsetof(message, text) };

/// Another rank whose heartbeats come here.
typedef struct peer {
    int rank;
    bool gone;        ///< it has said goodbye
    uint64_t steps;   ///< in its last heartbeat
    int32_t patience; ///< seconds of silence before it is lost
    double heard;     ///< when its last message came
    message sent;     ///< what goes there now
    MPI_Request sending;
} peer;

static struct {
    int rank, count;
    char (*hosts)[HOST_BYTES];
    peer *peers; ///< of rank 0: all others; of these: rank 0
    int peer_count;
    message received;
    MPI_Request receiving;
    int32_t patience;      ///< what this rank asks for
    bool failing, leaving; ///< leaving: goodbye is said, and nothing comes behind
    double polled;         ///< the time of the last poll
    double clock;          ///< seconds since the beginning; stands still while this rank does not poll
    double sent;           ///< when heartbeats were sent, by this clock
    uint64_t steps;        ///< one into each exchange, and one out of it: odd in one
    uint64_t least_steps;  ///< of all ranks, as rank 0 knows
    double stepped;        ///< when these changed, by this clock
} run;

// Failures

static int last_exit_code;

static void leave(int signal_number) {
    (void)signal_number;
    _exit(last_exit_code);
}

/// mpirun ends all ranks when one has gone, and then may make an exit code of its own: the one that prints
/// should be the first.
static void leave_soon(int signal_number) {
    (void)signal_number;
    alarm(SOON);
}

/// Ends this process by then, whatever it hangs in, or when mpirun or a user wants it to.
static void leave_after(unsigned seconds, int exit_code) {
    last_exit_code = exit_code;
    struct sigaction action = {.sa_handler = leave};
    sigset_t alarm_alone;
    sigemptyset(&alarm_alone);
    sigaddset(&alarm_alone, SIGALRM);
    sigaction(SIGALRM, &action, NULL);
    action.sa_handler = leave_soon;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigprocmask(SIG_UNBLOCK, &alarm_alone, NULL);
    alarm(seconds);
}

static void sleep_seconds(double s) {
    struct timespec left = {.tv_sec = (time_t)s, .tv_nsec = (long)(1e9 * (s - (double)(time_t)s))};
    while (nanosleep(&left, &left) != 0 && errno == EINTR) continue;
}

/// Lets no other rank print a failure. Nobody waits until it has arrived.
static void tell_all_to_be_quiet(int exit_code) {
    static message quiet;
    quiet = (message){.kind = QUIET, .value = exit_code};
    for (int to = 0; to < run.count; to++) {
        MPI_Request sending;
        if (to != run.rank && MPI_Isend(&quiet, SHORT_MESSAGE, MPI_BYTE, to, TAG_WATCH, MPI_COMM_WORLD,
                                        &sending) == MPI_SUCCESS)
            MPI_Request_free(&sending);
    }
}

static _Noreturn void be_quiet(int exit_code) {
    leave_after(MPIRUN_NOTICES + 2 * LAST_WAY, exit_code);
    for (;;) pause();
}

/// Prints the line, and ends all ranks after a pause.
static _Noreturn void end_all(int exit_code, const char *line, double pause_seconds) {
    leave_after((unsigned)pause_seconds + LAST_WAY, exit_code);
    tell_all_to_be_quiet(exit_code);
    fflush(stdout);
    fprintf(stderr, "%s\n", line);
    sleep_seconds(pause_seconds);
    MPI_Abort(MPI_COMM_WORLD, exit_code);
    _exit(exit_code);
}

static void receive(void);

/// Rank 0 prints all failures, so that there is one message. If it does not, since it is lost or busy, this
/// rank does.
static void hand_over(int exit_code, const char *line) {
    static message failure; // which MPI may send at any time from now on
    failure = (message){.kind = FAILURE, .value = exit_code};
    snprintf(failure.text, sizeof failure.text, "%s", line);
    MPI_Request sending;
    if (MPI_Isend(&failure, sizeof failure, MPI_BYTE, 0, TAG_WATCH, MPI_COMM_WORLD, &sending) != MPI_SUCCESS)
        return;
    const double begin = clock_seconds();
    while (clock_seconds() - begin < hand_over_seconds) {
        receive(); // and sends on
        sleep_seconds(0.001);
    }
}

_Noreturn void ranks_fail(int exit_code, const char *format, ...) {
    char text[TEXT_BYTES], line[TEXT_BYTES];
    int length = snprintf(text, sizeof text, "nn-mpi: rank %d on %s: ", run.rank,
                          run.hosts ? run.hosts[run.rank] : "this host");
    va_list values;
    va_start(values, format);
    vsnprintf(text + length, sizeof text - (size_t)length, format, values);
    va_end(values);
    shown_text(text, line, sizeof line);
    if (run.rank != 0 && !run.failing) {
        run.failing = true;
        hand_over(exit_code, line);
    }
    end_all(exit_code, line, mpirun_reads);
}

void ranks_check(int mpi_error) {
    if (mpi_error == MPI_SUCCESS) return;
    char text[MPI_MAX_ERROR_STRING];
    int length = 0;
    MPI_Error_string(mpi_error, text, &length);
    ranks_fail(EXIT_IO, "the connection with another rank is lost: %.*s", length, text);
}

// Heartbeats

static void receive_next(void) {
    ranks_check(MPI_Irecv(&run.received, sizeof run.received, MPI_BYTE, MPI_ANY_SOURCE, TAG_WATCH,
                          MPI_COMM_WORLD, &run.receiving));
}

/// Takes the messages that have come.
static void receive(void) {
    for (;;) {
        int come;
        MPI_Status status;
        ranks_check(MPI_Test(&run.receiving, &come, &status));
        if (!come) return;
        // Ranks hear from rank 0 alone, but for QUIET.
        peer *p = &run.peers[run.rank == 0 ? status.MPI_SOURCE - 1 : 0];
        p->heard = run.clock;
        switch ((message_kind)run.received.kind) {
        case HEARTBEAT:
            p->patience = run.received.value;
            p->steps = run.received.steps;
            break;
        case GOODBYE: p->gone = true; break;
        case FAILURE: end_all(run.received.value, run.received.text, mpirun_reads);
        case QUIET: be_quiet(run.received.value);
        }
        receive_next();
    }
}

/// Sends a message of few bytes to a peer, unless the last one is still on its way.
static bool send(peer *p, message_kind kind) {
    int idle;
    ranks_check(MPI_Test(&p->sending, &idle, MPI_STATUS_IGNORE));
    if (!idle) return false;
    p->sent.kind = (int32_t)kind;
    p->sent.value = run.patience;
    p->sent.steps = run.steps;
    ranks_check(
        MPI_Isend(&p->sent, SHORT_MESSAGE, MPI_BYTE, p->rank, TAG_WATCH, MPI_COMM_WORLD, &p->sending));
    return true;
}

static void send_heartbeats(void) {
    run.sent = run.clock;
    for (int i = 0; i < run.peer_count && !run.leaving; i++) send(&run.peers[i], HEARTBEAT);
}

/// Sends it for sure.
static void send_to_all(message_kind kind) {
    for (int i = 0; i < run.peer_count; i++) {
        for (unsigned turn = 0; !send(&run.peers[i], kind); turn++) ranks_wait(turn);
    }
}

/// Others than rank 0 wait somewhat longer, one after another, so that one alone prints: first one of each
/// machine, as all ranks of rank 0's machine may be lost with it.
static double extra_patience(void) {
    int machine = 0, place = 0; // on the machine, whose ranks usually follow one another
    for (int rank = 2; rank <= run.rank; rank++) {
        const bool is_next_machine = strcmp(run.hosts[rank], run.hosts[rank - 1]) != 0;
        machine += is_next_machine;
        place = is_next_machine ? 0 : place + 1;
    }
    const int turn = machine + 4 * place;
    return run.rank == 0 ? 0 : 1 + 0.25 * (turn < LAST_TURN ? turn : LAST_TURN);
}

static void look_for_silence(void) {
    for (int i = 0; i < run.peer_count; i++) {
        const peer *p = &run.peers[i];
        const double silence = run.clock - p->heard;
        if (p->gone || silence < p->patience || silence < p->patience + extra_patience()) continue;
        char line[TEXT_BYTES];
        snprintf(
            line, sizeof line,
            "nn-mpi: rank %d on %s: nothing has come from it for %d seconds: the process was stopped, or its "
            "machine or the network is down",
            p->rank, run.hosts[p->rank], (int)silence);
        end_all(EXIT_IO, line, run.rank == 0 ? MPIRUN_NOTICES : MPIRUN_NOTICES_LATER);
    }
}

static bool is_last(const peer *p) { return !p->gone && p->steps == run.least_steps; }

/// Names one of the last ranks, and another one, on another host if possible: other ones than rank 0, which
/// hears from all.
static _Noreturn void end_standstill(void) {
    int a = 0, b = 0;
    for (int i = 0; i < run.peer_count; i++) {
        const int rank = run.peers[i].rank;
        if (!is_last(&run.peers[i])) continue;
        if (a == 0)
            a = rank;
        else if (b == 0 || strcmp(run.hosts[b], run.hosts[a]) == 0)
            b = rank;
    }
    char other[HOST_BYTES + 32] = "", line[TEXT_BYTES];
    if (b > 0) snprintf(other, sizeof other, ", and rank %d on %s", b, run.hosts[b]);
    snprintf(
        line, sizeof line,
        "nn-mpi: rank %d on %s%s: no data has come from another rank for %.0f seconds, though rank 0 hears "
        "from all: the network between two machines is down",
        a, run.hosts[a], other, standstill);
    end_all(EXIT_IO, line, mpirun_reads);
}

/// If the last ranks are in an exchange, all have come to it.
static void look_for_standstill(void) {
    uint64_t least = run.steps;
    for (int i = 0; i < run.peer_count; i++) {
        const peer *p = &run.peers[i];
        if (!p->gone && p->steps < least) least = p->steps;
    }
    if (least % 2 == 0 || least != run.least_steps) run.stepped = run.clock;
    run.least_steps = least;
    if (run.clock - run.stepped >= standstill) end_standstill();
}

void ranks_poll(void) {
    if (run.count == 1) return;
    const double now = clock_seconds();
    const double gap = now - run.polled;
    if (gap < 0.001) return;
    run.clock += gap < 1 ? gap : 1;
    run.polled = now;
    receive();
    look_for_silence();
    if (run.rank == 0) look_for_standstill();
    if (run.clock - run.sent >= 1) send_heartbeats();
}

void ranks_be_patient(int seconds) {
    run.patience = seconds > SILENCE ? seconds : SILENCE;
    send_to_all(HEARTBEAT);
}

void ranks_wait(unsigned turn) {
    ranks_poll();
    if (turn < 1000)
        sched_yield();
    else
        sleep_seconds(5e-5);
}

void ranks_await(MPI_Request *requests, int count) {
    unsigned turn = 0;
    while (count > 0) {
        int done;
        ranks_check(MPI_Test(&requests[count - 1], &done, MPI_STATUS_IGNORE));
        if (done)
            count--;
        else
            ranks_wait(turn++);
    }
}

void ranks_exchange(MPI_Request *requests, int count) {
    run.steps++;
    ranks_await(requests, count);
    run.steps++;
}

// Begin and end

/// All ranks' hosts.
static void exchange_hosts(void) {
    char host[HOST_BYTES] = "";
    gethostname(host, sizeof host - 1);
    run.hosts = memory_of((size_t)run.count * HOST_BYTES);
    memset(run.hosts, 0, (size_t)run.count * HOST_BYTES); // a rank may be lost before it says where it is
    memcpy(run.hosts[run.rank], host, HOST_BYTES);
    MPI_Request gathering;
    ranks_check(MPI_Iallgather(host, HOST_BYTES, MPI_CHAR, run.hosts, HOST_BYTES, MPI_CHAR, MPI_COMM_WORLD,
                               &gathering));
    ranks_exchange(&gathering, 1);
}

void ranks_begin(int *argc, char ***argv) {
    if (MPI_Init(argc, argv) != MPI_SUCCESS) {
        fputs("nn-mpi: MPI can't be started\n", stderr);
        exit(EXIT_INTERNAL);
    }
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    MPI_Comm_rank(MPI_COMM_WORLD, &run.rank);
    MPI_Comm_size(MPI_COMM_WORLD, &run.count);
    run.patience = SILENCE;
    run.polled = clock_seconds();
    run.receiving = MPI_REQUEST_NULL;
    run.peer_count = run.rank > 0 ? 1 : run.count - 1;
    run.peers = memory_of(((size_t)run.peer_count + 1) * sizeof *run.peers);
    for (int i = 0; i < run.peer_count; i++) {
        run.peers[i] =
            (peer){.rank = run.rank > 0 ? 0 : i + 1, .patience = SILENCE, .sending = MPI_REQUEST_NULL};
    }
    if (run.count > 1) receive_next();
    exchange_hosts();
}

/// Says goodbye to all peers: the last message to each of them.
static void say_goodbye(void) {
    run.leaving = true;
    send_to_all(GOODBYE);
    for (int i = 0; i < run.peer_count; i++) ranks_await(&run.peers[i].sending, 1);
}

static bool all_gone(void) {
    for (int i = 0; i < run.peer_count; i++) {
        if (!run.peers[i].gone) return false;
    }
    return true;
}

void ranks_end(int exit_code) {
    if (run.rank > 0) say_goodbye();
    for (unsigned turn = 0; !all_gone(); turn++) ranks_wait(turn);
    if (run.rank == 0) say_goodbye();
    leave_after(2 * LAST_WAY, exit_code); // all is done, even if MPI can't end, as sometimes over UCX
    if (run.count > 1) {
        MPI_Cancel(&run.receiving);
        MPI_Wait(&run.receiving, MPI_STATUS_IGNORE);
    }
    free(run.peers);
    free(run.hosts);
    MPI_Finalize();
    alarm(0);
}

int ranks_rank(void) { return run.rank; }
int ranks_count(void) { return run.count; }

uint32_t ranks_first(uint32_t items, int rank) {
    return (uint32_t)((uint64_t)items * (uint32_t)rank / (uint32_t)run.count);
}

void ranks_share(uint32_t items, uint32_t *first, uint32_t *count) {
    *first = ranks_first(items, run.rank);
    *count = ranks_first(items, run.rank + 1) - *first;
}
