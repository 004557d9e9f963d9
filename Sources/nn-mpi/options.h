/// The command line. Its options are those of nn-cli, with the same spelling, defaults, help and messages.
#ifndef OPTIONS_H
#define OPTIONS_H

#include "nnkernel/nnkernel.h"
#include <stdbool.h>
#include <stdint.h>

typedef enum command_id { COMMAND_TRAIN, COMMAND_CROSS_VALIDATE, COMMANDS } command_id;

/// The values of an option that takes several, as in --weight-decay 0 0.1 1. Commands that take one have one.
typedef struct value_list {
    double at[1000];
    uint32_t count;
} value_list;

// Places in the lists of names that an option takes.
enum { TOPOLOGY_DEEP, TOPOLOGY_TWO_LAYER };
enum { PRECISION_F64, PRECISION_F32 };
enum { METHOD_AUTO, METHOD_DUAL, METHOD_PRIMAL };

/// All numbers are within the ranges that help states. Options that a command does not take have defaults.
typedef struct options {
    command_id command;
    const char *data; ///< the folder of the sharded data set

    int topology, precision, method;
    uint32_t seed;
    value_list iterations, learning_rate, weight_decay;
    bool center, own_contrast, mirror, balance;

    // train
    uint32_t log_every, virtual_shards;
    double hold_out; ///< 0: nothing
    bool keep_best, fast_reduce, force, resume;
    const char *from, *output, *checkpoint, *log_csv; ///< NULL: not given

    // cross-validate
    uint32_t folds, blocks, repeats; ///< folds, blocks: 0 if they are not given
    bool leave_one_out;

    bool json, quiet, verbose;
} options;

/// Reads the words behind the program's name.
///
/// Returns false if all is said, by rank 0: help, or what is wrong. The exit code is 0 or 64 then.
bool options_read(options *o, int count, char **words, int *exit_code);

/// How rank 0 says that options do not go together, as nn-cli does: the message, and where help is.
/// Returns 64.
int options_refuse(const options *o, const char *format, ...) __attribute__((format(printf, 2, 3)));

/// "deep", "f32", "dual"
const char *options_topology_name(const options *o);
const char *options_precision_name(const options *o);

/// What the names stand for.
const nnk_topology *options_topology(const options *o);
const nnk_arithmetic *options_arithmetic(const options *o);

#endif
