// nn-mpi trains and cross-validates networks on any number of machines (docs/CLUSTER.md).
#include "commands.h"
#include "ranks.h"

int main(int count, char **words) {
    static int (*const commands[COMMANDS])(const options *) = {
        [COMMAND_TRAIN] = train,
        [COMMAND_CROSS_VALIDATE] = cross_validate,
    };
    options o;
    int exit_code;
    ranks_begin(&count, &words);
    if (options_read(&o, count - 1, words + 1, &exit_code)) exit_code = commands[o.command](&o);
    ranks_end();
    return exit_code;
}
