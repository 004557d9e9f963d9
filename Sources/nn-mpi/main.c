// nn-mpi trains and cross-validates networks on any number of machines (docs/CLUSTER.md).
#include "commands.h"
#include "console.h"
#include "exit_codes.h"
#include "ranks.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/// Started by srun without a way to find each other, processes are one rank each, and do all the work each.
static void check_launch(void) {
    const char *started = getenv("SLURM_STEP_NUM_TASKS"), *task = getenv("SLURM_PROCID");
    if (ranks_count() > 1 || !started || strtol(started, NULL, 10) < 2) return;
    if (task && strcmp(task, "0") != 0) return;
    console_say("warning: srun has started %s processes, but MPI finds one: each does all the work; "
                "srun --mpi=list shows which ways there are to start them",
                started);
}

/// All words, with spaces between them, as far as there is room.
static void join_words(int count, char **words, char *line, size_t bytes) {
    size_t length = 0;
    line[0] = 0;
    for (int i = 0; i < count && length < bytes; i++)
        length += (size_t)snprintf(line + length, bytes - length, "%s%s", i > 0 ? " " : "", words[i]);
}

/// Ranks can be started with different words, or programs, each of which would wait for the others.
static void check_words(int count, char **words) {
    uint32_t own[] = {NNK_VERSION_MAJOR, NNK_VERSION_MINOR, NNK_VERSION_PATCH, 0}, first[4];
    for (int i = 0; i < count; i++)
        own[3] = nnk_crc32(own[3], (const uint8_t *)words[i], strlen(words[i]) + 1);
    memcpy(first, own, sizeof own);
    ranks_broadcast(first, sizeof first, 0);
    if (memcmp(own, first, sizeof own) == 0) return;
    char line[512];
    join_words(count, words, line, sizeof line);
    if (own[3] != first[3]) ranks_fail(EXIT_USAGE, "expected the options of rank 0, got nn-mpi %s", line);
    ranks_fail(EXIT_USAGE, "expected version %u.%u.%u, which rank 0 has, got %u.%u.%u", first[0], first[1],
               first[2], own[0], own[1], own[2]);
}

int main(int count, char **words) {
    static int (*const commands[COMMANDS])(const options *) = {
        [COMMAND_TRAIN] = train,
        [COMMAND_CROSS_VALIDATE] = cross_validate,
    };
    options o;
    int exit_code;
    // A file that becomes too large is an error of a write (ulimit -f), also of MPI's.
    signal(SIGXFSZ, SIG_IGN);
    ranks_begin(&count, &words);
    check_launch();
    check_words(count - 1, words + 1);
    if (options_read(&o, count - 1, words + 1, &exit_code)) exit_code = commands[o.command](&o);
    ranks_end(exit_code);
    return exit_code;
}
