// nn-mpi trains and cross-validates networks on any number of machines (docs/CLUSTER.md).
#include "commands.h"
#include "ranks.h"
#include <signal.h>

int main(int count, char **words) {
    static int (*const commands[COMMANDS])(const options *) = {
        [COMMAND_TRAIN] = train,
        [COMMAND_CROSS_VALIDATE] = cross_validate,
    };
    options o;
    int exit_code;
    ranks_begin(&count, &words);
    signal(SIGXFSZ, SIG_IGN); // a file that becomes too large is an error of a write (ulimit -f)
    if (options_read(&o, count - 1, words + 1, &exit_code)) exit_code = commands[o.command](&o);
    ranks_end(exit_code);
    return exit_code;
}
