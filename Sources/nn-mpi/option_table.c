#include "option_table.h"

#include <float.h>
#include <string.h>

const char *const option_topologies[] = {"deep", "two-layer", NULL};
const char *const option_precisions[] = {"f64", "f32", NULL};
const char *const option_methods[] = {"auto", "dual", "primal", NULL};

#define TRAIN          (1 << COMMAND_TRAIN)
#define CROSS_VALIDATE (1 << COMMAND_CROSS_VALIDATE)
#define BOTH           (TRAIN | CROSS_VALIDATE)

#define AT(member)           .at = offsetof(options, member)
#define FLAG(member)         .kind = OPTION_FLAG, AT(member)
#define NAME(member, list)   .kind = OPTION_NAME, AT(member), .names = list
#define TEXT(member, called) .kind = OPTION_TEXT, AT(member), .value = called
#define COUNT(member, least, most)                                                                           \
    .kind = OPTION_COUNT, .holds = HOLDS_UINT32, AT(member), .value = "n", .low = least, .high = most,       \
    .expected = #least " to " #most
#define COUNTS(member, most)                                                                                 \
    .kind = OPTION_COUNT, .holds = HOLDS_VALUES, AT(member), .value = "n", .low = 1, .high = most,           \
    .expected = "1 to " #most
#define RATES(member, least, text)                                                                           \
    .kind = OPTION_REAL, .holds = HOLDS_VALUES, AT(member), .value = "rate", .low = least, .high = DBL_MAX,  \
    .expected = text

const option_row option_table[] = {
    {"--topology", .commands = BOTH, NAME(topology, option_topologies), .value = "topology",
     .help = "Sizes of the layers. deep: 12288-20-7-5-1; two-layer: 12288-7-1.", .standard = "deep"},
    {"--precision", .commands = BOTH, NAME(precision, option_precisions), .value = "precision",
     .help = "Number type of the weights. f64: double; f32: float.", .standard = "f64"},
    {"--method", .commands = BOTH, NAME(method, option_methods), .value = "method",
     .help =
         "How to compute the first layer. auto: the method with fewer operations, if its memory is at most 1 "
         "GiB.",
     .standard = "auto"},
    {"--seed", .commands = BOTH, .kind = OPTION_COUNT, .holds = HOLDS_UINT32, AT(seed), .value = "n",
     .high = UINT32_MAX,
     .help = "Seed of the initial weights and of the choice of held-out images, 0 to 4294967295.",
     .standard = "1"},
    {"--folds", .commands = CROSS_VALIDATE, COUNT(folds, 2, 64),
     .help = "Number of folds, 2 to 64. Use 10 for few photos: more of them teach, and it takes longer. "
             "(default: 5)"},
    {"--blocks", .commands = CROSS_VALIDATE, COUNT(blocks, 1, 1000000),
     .help =
         "Keep n photos of a class that follow each other in one fold, 1 or more. Use it for frames taken "
         "one after another; 1 keeps none together. (default: found out by how much neighbours are alike)"},
    {"--leave-one-out", .commands = CROSS_VALIDATE, FLAG(leave_one_out),
     .help =
         "Hold each photo out alone. Use it for very few photos; as many networks as photos are trained."},
    {"--repeats", .commands = CROSS_VALIDATE, COUNT(repeats, 1, 1000),
     .help = "Repeat with other folds and seeds, 1 to 1000 times. Use 5 or 10 for steadier figures.",
     .standard = "1"},
    {"--iterations", .commands = TRAIN, COUNTS(iterations, 4294967295),
     .help = "Number of gradient steps, 1 to 4294967295.", .standard = "2500"},
    {"--learning-rate", .commands = TRAIN, RATES(learning_rate, DBL_TRUE_MIN, "a number above 0"),
     .help = "Learning rate, above 0.", .standard = "0.0075"},
    {"--log-every", .commands = TRAIN, COUNT(log_every, 1, 4294967295),
     .help = "Show the cost every n iterations.", .standard = "100"},
    {"--center", .commands = BOTH, FLAG(center),
     .help =
         "Take the mean of all training images off. Use it for photos with much in common, such as those of "
         "one camera, and whenever the network gives the same answer for every image."},
    {"--own-contrast", .commands = BOTH, FLAG(own_contrast),
     .help =
         "Take each image's own brightness and contrast off; predictions then do it too. Use it if the light "
         "or the room will be another one."},
    {"--mirror", .commands = BOTH, FLAG(mirror),
     .help =
         "Also learn each image mirrored from left to right. Use it if there are few photos and both classes "
         "look the same in a mirror, unlike letters."},
    {"--balance", .commands = BOTH, FLAG(balance),
     .help = "Let both classes count alike. Use it if one class has many more images."},
    {"--weight-decay", .commands = TRAIN, RATES(weight_decay, 0, "a number, 0 or above"),
     .help = "Let the weights decay at this rate (L2), 0 or above. Use 0.01 to 1 if training images are "
             "classified far better than others.",
     .standard = "0.0"},
    {"--weight-decay", .commands = CROSS_VALIDATE, RATES(weight_decay, 0, "a number, 0 or above"),
     .takes_several = true, .help = "Rates of decay to compare (L2), 0 or above.", .standard = "0.0"},
    {"--learning-rate", .commands = CROSS_VALIDATE, RATES(learning_rate, DBL_TRUE_MIN, "a number above 0"),
     .takes_several = true, .help = "Learning rates to compare, above 0.", .standard = "0.0075"},
    {"--iterations", .commands = CROSS_VALIDATE, COUNTS(iterations, 4294967294), .takes_several = true,
     .help = "Numbers of gradient steps to compare.", .standard = "2500"},
    {"--hold-out", .commands = TRAIN, .kind = OPTION_REAL, .holds = HOLDS_DOUBLE, AT(hold_out),
     .value = "share", .low = 0.0001, .high = 0.9999, .expected = "a share of 0.0001 to 0.9999",
     .help = "Hold this share of each class out, 0.0001 to 0.9999, chosen by --seed; show the cost on it. "
             "Use 0.2 "
             "to see when more iterations no longer help."},
    {"--keep-best", .commands = TRAIN, FLAG(keep_best),
     .help =
         "Write the parameters with the lowest held-out cost, of those at the iterations that --log-every "
         "shows. Use it with --hold-out if the cost there rises again."},
    {"--from", .commands = TRAIN, TEXT(from, "model"),
     .help =
         "Start from this model instead of drawn weights. Use it to teach a finished model photos of your "
         "own, or to go on with more photos."},
    {"--virtual-shards", .commands = TRAIN, COUNT(virtual_shards, 1, 32768),
     .help =
         "In how many parts the primal method adds up over the images, a power of two. The model depends on "
         "it, but not on the number of ranks; there can be no more ranks than parts. Use it with --method "
         "primal.",
     .standard = "64"},
    {"--fast-reduce", .commands = TRAIN, FLAG(fast_reduce),
     .help = "Add up over ranks as MPI does it fastest. The last bits of the model then depend on the number "
             "of ranks. Use it with --method primal."},
    {"--output", "-o", .commands = TRAIN, TEXT(output, "file"),
     .help = "Model file to write. (default: model.nnk)"},
    {"--force", .commands = TRAIN, FLAG(force),
     .help = "Replace model.nnk also if it is not a model of the same images; --output does so anyway."},
    {"--checkpoint", .commands = TRAIN, TEXT(checkpoint, "file"),
     .help = "Save the run here on Ctrl-C and every 30 s; removed once the model is written."},
    {"--resume", .commands = TRAIN, FLAG(resume),
     .help =
         "Continue the run that --checkpoint saved, on any number of ranks; costs are shown from there on."},
    {"--log-csv", .commands = TRAIN, TEXT(log_csv, "file"), .help = "Write the costs as a table (CSV)."},
    {"--json", .commands = BOTH, FLAG(json), .help = "Print one JSON object."},
    {"--quiet", .commands = BOTH, FLAG(quiet), .help = "Print only answers and errors."},
    {"--verbose", "-v", .commands = BOTH, FLAG(verbose),
     .help = "Also print each step and how long it takes."},
    {.name = NULL},
};

static bool is(const char *name, const char *word, size_t length) {
    return name && strlen(name) == length && memcmp(name, word, length) == 0;
}

const option_row *option_named(command_id command, const char *word, size_t length) {
    for (const option_row *o = option_table; o->name; o++)
        if (o->commands & 1 << command && (is(o->name, word, length) || is(o->letter, word, length)))
            return o;
    return NULL;
}

/// The Levenshtein distance: how many letters to add, remove or replace.
static size_t distance(const char *a, size_t count, const char *b) {
    enum { MOST = 40 };
    size_t row[MOST + 1];
    const size_t columns = strlen(b);
    if (columns > MOST) return columns;
    for (size_t j = 0; j <= columns; j++) row[j] = j;
    for (size_t i = 0; i < count; i++) {
        size_t diagonal = row[0];
        row[0] = i + 1;
        for (size_t j = 0; j < columns; j++) {
            const size_t replaced = diagonal + (a[i] != b[j]), added = row[j] + 1, removed = row[j + 1] + 1;
            diagonal = row[j + 1];
            row[j + 1] = replaced < added ? replaced : added;
            if (removed < row[j + 1]) row[j + 1] = removed;
        }
    }
    return row[columns];
}

const char *option_near(command_id command, const char *word, size_t length) {
    const char *nearest = NULL;
    size_t least = 4;
    for (const option_row *o = option_table; o->name; o++) {
        const bool is_taken = o->commands & 1 << command;
        const size_t d = is_taken ? distance(word, length, o->name) : least;
        if (d >= least) continue;
        least = d;
        nearest = o->name;
    }
    return nearest;
}
