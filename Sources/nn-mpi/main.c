// nn-mpi trains and cross-validates networks on any number of machines (docs/CLUSTER.md).
#include "commands.h"
#include "exit_codes.h"
#include "ranks.h"
#include <signal.h>
#include <string.h>

/// Ranks can be started with different words, or programs, each of which would wait for the others.
static void check_words(int count, char **words) {
    const uint8_t version[] = {NNK_VERSION_MAJOR, NNK_VERSION_MINOR, NNK_VERSION_PATCH};
    uint32_t own = nnk_crc32(0, version, sizeof version);
    for (int i = 0; i < count; i++) own = nnk_crc32(own, (const uint8_t *)words[i], strlen(words[i]) + 1);
    uint32_t first = own;
    ranks_broadcast(&first, sizeof first, 0);
    if (own != first) ranks_fail(EXIT_USAGE, "expected the version and the options of rank 0, got others");
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
    check_words(count - 1, words + 1);
    if (options_read(&o, count - 1, words + 1, &exit_code)) exit_code = commands[o.command](&o);
    ranks_end(exit_code);
    return exit_code;
}
