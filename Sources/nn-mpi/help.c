#include "help.h"

#include "console.h"
#include <stdio.h>
#include <string.h>

enum { COLUMN = 26, WIDTH = 79 };

typedef struct command_text {
    const char *name, *abstract, *discussion;
} command_text;

static const command_text commands[COMMANDS] = {
    [COMMAND_TRAIN] = {"train", "Train a network and write it to a model file.",
                       "All ranks train one network. The model has the same bytes on any number of ranks. "
                       "For a file to write, - "
                       "is standard output; messages then go to standard error.\n"
                       "\n"
                       "EXAMPLES\n"
                       "  mpirun -n 4 nn-mpi train shards -o cats.nnk\n"
                       "  mpirun -n 64 nn-mpi train shards --method primal --checkpoint run.nnc"},
    [COMMAND_CROSS_VALIDATE] = {"cross-validate",
                                "Measure how good train's options are on photos that are held out.",
                                "The photos are dealt into folds. For each fold a network is trained on all "
                                "other photos and answers this "
                                "one, so each photo is answered by a network that has not seen it. The "
                                "networks are spread over the ranks. "
                                "Without options, train is judged as it is. --weight-decay, --learning-rate "
                                "and --iterations take several "
                                "values each: then all combinations are compared, and the one with the "
                                "lowest log loss is marked. No model "
                                "is written.\n"
                                "\n"
                                "EXAMPLES\n"
                                "  mpirun -n 4 nn-mpi cross-validate shards --center\n"
                                "  mpirun -n 64 nn-mpi cross-validate shards --leave-one-out --json"},
};

// ---- Text in lines --------------------------------------------------------------------------------------

/// How much of the text fits one line.
static int line_length(const char *text, int width) {
    const int length = (int)strcspn(text, "\n");
    if (length <= width) return length;
    int end = width;
    while (end > 0 && text[end] != ' ') end--;
    return end ? end : width;
}

/// Prints a text in lines of the width of a page, those behind the first indented.
static void print_wrapped(const char *text, int indent) {
    while (true) {
        const int length = line_length(text, WIDTH - indent);
        console_print("%.*s\n", length, text);
        text += length;
        if (*text == '\0') return;
        text++;
        console_print("%*s", *text == '\n' ? 0 : indent, "");
    }
}

/// The line or lines of an option, a command or an argument: "  --seed <n>              Seed of ..."
static void print_entry(const char *label, const char *text) {
    const int gap = COLUMN - 2 - (int)strlen(label);
    if (gap > 0)
        console_print("  %s%*s", label, gap, "");
    else
        console_print("  %s\n%*s", label, COLUMN, "");
    print_wrapped(text, COLUMN);
}

// ---- Help -----------------------------------------------------------------------------------------------

/// The help of an option with what it may be: "(values: deep, two-layer; default: deep)".
static void print_option(const option_row *o) {
    char label[80], text[500], values[100] = "";
    snprintf(label, sizeof label, "%s%s%s%s%s%s", o->letter ? o->letter : "", o->letter ? ", " : "", o->name,
             o->value ? " <" : "", o->value ? o->value : "", o->value ? ">" : "");
    for (int i = 0; o->names && o->names[i]; i++) {
        const size_t length = strlen(values);
        snprintf(values + length, sizeof values - length, "%s%s", i ? ", " : "values: ", o->names[i]);
    }
    snprintf(text, sizeof text, "%s%s%s%s%s%s%s", o->help, *values || o->standard ? " (" : "", values,
             *values && o->standard ? "; " : "", o->standard ? "default: " : "",
             o->standard ? o->standard : "", *values || o->standard ? ")" : "");
    print_entry(label, text);
}

static void print_last_options(void) {
    print_entry("--version", "Show the version.");
    print_entry("-h, --help", "Show help information.");
    console_print("\n");
}

static void print_command(command_id command) {
    const command_text *c = &commands[command];
    console_print("OVERVIEW: %s\n\n", c->abstract);
    print_wrapped(c->discussion, 0);
    console_print("\nUSAGE: nn-mpi %s [<options>] <data>\n\nARGUMENTS:\n", c->name);
    print_entry("<data>", "Folder of a sharded data set, as nn-cli dataset shard makes it.");
    console_print("\nOPTIONS:\n");
    for (const option_row *o = option_table; o->name; o++)
        if (o->commands & 1 << command) print_option(o);
    print_last_options();
}

static void print_overview(void) {
    console_print("OVERVIEW: Train small neural networks on many machines.\n\n"
                  "USAGE: mpirun -n <ranks> nn-mpi <subcommand>\n\nOPTIONS:\n");
    print_last_options();
    console_print("SUBCOMMANDS:\n");
    for (int i = 0; i < COMMANDS; i++) print_entry(commands[i].name, commands[i].abstract);
    console_print("\n  See 'nn-mpi help <subcommand>' for detailed help.\n");
}

static void print_version(void) {
    console_print("nn-mpi %d.%d.%d\n", NNK_VERSION_MAJOR, NNK_VERSION_MINOR, NNK_VERSION_PATCH);
}

// ---- Words ----------------------------------------------------------------------------------------------

static bool is_one_of(const char *word, const char *a, const char *b) {
    return word && (strcmp(word, a) == 0 || strcmp(word, b) == 0);
}

static bool find_command(const char *word, command_id *found) {
    for (int i = 0; i < COMMANDS; i++)
        if (strcmp(commands[i].name, word) == 0) {
            *found = (command_id)i;
            return true;
        }
    return false;
}

static int refuse_command(const char *word) {
    console_error(word[0] == '-' ? "Unknown option '%s'"
                                 : "Unknown command '%s'; expected train or cross-validate",
                  word);
    console_say("Usage: nn-mpi <subcommand>");
    console_say("  See 'nn-mpi --help' for more information.");
    return EXIT_USAGE;
}

bool help_answers(int count, char **words, command_id *command, int *exit_code) {
    const bool asks = count > 0 && is_one_of(words[0], "help", "help");
    const char *word = count > asks ? words[asks] : NULL;
    *exit_code = 0;
    if (!word || is_one_of(word, "-h", "--help")) {
        print_overview();
    } else if (is_one_of(word, "--version", "--version")) {
        print_version();
    } else if (!find_command(word, command)) {
        *exit_code = refuse_command(word);
    } else if (asks) {
        print_command(*command);
    } else {
        for (int i = 1; i < count && strcmp(words[i], "--") != 0; i++) {
            const bool is_version = strcmp(words[i], "--version") == 0;
            if (!is_version && !is_one_of(words[i], "-h", "--help")) continue;
            if (is_version)
                print_version();
            else
                print_command(*command);
            return true;
        }
        return false;
    }
    return true;
}

// ---- Below errors ---------------------------------------------------------------------------------------

void help_option_line(const option_row *option) {
    console_say("Help:  %s <%s>  %s", option->name, option->value, option->help);
}

void help_usage_lines(command_id command) {
    console_say("Usage: nn-mpi %s [<options>] <data>", commands[command].name);
    console_say("  See 'nn-mpi %s --help' for more information.", commands[command].name);
}
