#include "options.h"

#include "console.h"
#include "help.h"
#include "number_text.h"
#include "option_table.h"
#include <errno.h>
#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// ---- What is wrong --------------------------------------------------------------------------------------

/// The message, and below it the option's help, if one is concerned, and where there is more.
__attribute__((format(printf, 3, 0))) static int refuse(command_id command, const option_row *about,
                                                        const char *format, va_list arguments) {
    char message[1024];
    vsnprintf(message, sizeof message, format, arguments);
    console_error("%s", message);
    if (about) help_option_line(about);
    help_usage_lines(command);
    return EXIT_USAGE;
}

__attribute__((format(printf, 3, 4))) static bool fail(const options *o, const option_row *about,
                                                       const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    refuse(o->command, about, format, arguments);
    va_end(arguments);
    return false;
}

int options_refuse(const options *o, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    const int code = refuse(o->command, NULL, format, arguments);
    va_end(arguments);
    return code;
}

/// "--seed <n>"
static const char *signature(const option_row *option, char text[64]) {
    snprintf(text, 64, "%s <%s>", option->name, option->value);
    return text;
}

static bool fail_missing(const options *o, const option_row *option) {
    char text[64];
    return fail(o, option, "Missing value for '%s'", signature(option, text));
}

static bool fail_invalid(const options *o, const option_row *option, const char *word) {
    char text[64];
    if (!option->names)
        return fail(o, option, "The value '%s' is invalid for '%s'", word, signature(option, text));
    char names[128] = "";
    for (int i = 0; option->names[i]; i++) {
        const char *before = i == 0 ? "" : !option->names[i + 1] ? " and " : ", ";
        const size_t length = strlen(names);
        snprintf(names + length, sizeof names - length, "%s'%s'", before, option->names[i]);
    }
    return fail(o, option, "The value '%s' is invalid for '%s'. Please provide one of %s.", word,
                signature(option, text), names);
}

// ---- Values ---------------------------------------------------------------------------------------------

/// A whole number, or a real one: all of the word must be one.
static bool read_number(const option_row *option, const char *word, double *value) {
    char *end;
    if (*word == '\0' || strspn(word, " \t\n\v\f\r")) return false;
    if (option->kind == OPTION_REAL) {
        *value = strtod(word, &end);
    } else {
        errno = 0;
        const int64_t number = strtoll(word, &end, 10);
        if (errno) return false;
        *value = (double)number;
    }
    return *end == '\0';
}

static bool take_number(options *o, const option_row *option, const char *word) {
    double value;
    if (!read_number(option, word, &value)) return fail_invalid(o, option, word);
    if (!(value >= option->low && value <= option->high)) {
        if (!option->expected) return fail_invalid(o, option, word);
        char text[NUMBER_TEXT_BYTES];
        if (option->kind == OPTION_REAL) word = number_text(value, text);
        return fail(o, NULL, "%s: expected %s, got %s", option->name, option->expected, word);
    }
    void *place = (char *)o + option->at;
    value_list *list = place;
    switch (option->holds) {
    case HOLDS_UINT32: *(uint32_t *)place = (uint32_t)value; return true;
    case HOLDS_DOUBLE: *(double *)place = value; return true;
    case HOLDS_VALUES:
        if (list->count == sizeof list->at / sizeof *list->at)
            return fail(o, NULL, "%s: expected at most %" PRIu32 " values", option->name, list->count);
        list->at[list->count++] = value;
        return true;
    }
    return false;
}

static bool take_name(options *o, const option_row *option, const char *word) {
    for (int i = 0; option->names[i]; i++)
        if (strcmp(option->names[i], word) == 0) {
            *(int *)((char *)o + option->at) = i;
            return true;
        }
    return fail_invalid(o, option, word);
}

static bool take(options *o, const option_row *option, const char *word) {
    switch (option->kind) {
    case OPTION_FLAG: break;
    case OPTION_NAME: return take_name(o, option, word);
    case OPTION_TEXT: *(const char **)((char *)o + option->at) = word; return true;
    case OPTION_COUNT:
    case OPTION_REAL: return take_number(o, option, word);
    }
    return false;
}

// ---- Words ----------------------------------------------------------------------------------------------

/// The words, and the one that is read next.
typedef struct reading {
    int count, next;
    char **words;
} reading;

/// Whether a value is there. A number may begin with a minus; a name that does is another option.
static bool has_value(const reading *r, const option_row *option) {
    if (r->next == r->count) return false;
    const bool is_number = option->kind == OPTION_COUNT || option->kind == OPTION_REAL;
    return (is_number && !option->takes_several) || r->words[r->next][0] != '-' || !r->words[r->next][1];
}

/// Reads an option's values: one, or as many as there are before the next option. attached: one behind "=",
/// of which nothing is the same as none.
static bool read_values(options *o, const option_row *option, reading *r, const char *attached) {
    if (option->holds == HOLDS_VALUES && !option->takes_several)
        ((value_list *)((char *)o + option->at))->count = 0;
    if (attached && *attached) return take(o, option, attached);
    if (!has_value(r, option)) return fail_missing(o, option);
    do {
        if (!take(o, option, r->words[r->next++])) return false;
    } while (option->takes_several && has_value(r, option));
    return true;
}

/// Reads an option: "--seed", "--seed=1", "-o", "-o=cats.nnk".
static bool read_option(options *o, const char *word, reading *r) {
    const size_t length = strcspn(word, "=");
    const char *attached = word[length] ? word + length + 1 : NULL;
    const option_row *found = option_named(o->command, word, length);
    if (!found) {
        const char *near = word[1] == '-' ? option_near(o->command, word, length) : NULL;
        return fail(o, NULL, "Unknown option '%.*s'%s%s%s", (int)length, word, near ? ". Did you mean '" : "",
                    near ? near : "", near ? "'?" : "");
    }
    option_row option = *found;
    if (word[1] != '-') option.name = option.letter; // as messages call it
    if (option.kind != OPTION_FLAG) return read_values(o, &option, r, attached);
    if (attached && *attached)
        return fail(o, NULL, "The option '%s' does not take any value, but '%s' was specified.", option.name,
                    attached);
    *(bool *)((char *)o + option.at) = true;
    return true;
}

/// Reads "-vo" as "-v -o".
static bool read_letters(options *o, const char *word, reading *r) {
    char letter[] = "-?";
    for (const char *c = word + 1; *c; c++) {
        letter[1] = *c;
        if (!read_option(o, letter, r)) return false;
    }
    return true;
}

static bool is_letters(const char *word) { return word[1] != '-' && !strchr(word, '='); }

static bool read_words(options *o, reading *r) {
    bool are_options_over = false;
    while (r->next < r->count) {
        const char *word = r->words[r->next++];
        if (!are_options_over && strcmp(word, "--") == 0) {
            are_options_over = true;
        } else if (!are_options_over && word[0] == '-' && word[1]) {
            if (!(is_letters(word) ? read_letters : read_option)(o, word, r)) return false;
        } else if (o->data) {
            return fail(o, NULL, "Unexpected argument '%s'", word);
        } else {
            o->data = word;
        }
    }
    return true;
}

// ---- Options together -----------------------------------------------------------------------------------

/// Of a list that nothing was given for, the default is the only value.
static void set_default(value_list *list, double value) {
    if (list->count == 0) list->at[list->count++] = value;
}

/// Decay takes the share rate x decay of the weights off in each step.
static bool check_decay(const options *o) {
    for (uint32_t i = 0; i < o->weight_decay.count; i++)
        for (uint32_t j = 0; j < o->learning_rate.count; j++) {
            const double decay = o->weight_decay.at[i], rate = o->learning_rate.at[j];
            if (1 - rate * decay > 0) continue;
            char most[NUMBER_TEXT_BYTES], text[NUMBER_TEXT_BYTES];
            return fail(
                o, NULL,
                "--weight-decay: expected less than 1 / --learning-rate = %s, got %s; no weight would be "
                "left after one step",
                number_text(1 / rate, most), number_text(decay, text));
        }
    return true;
}

static bool check_train(const options *o) {
    if (o->keep_best && o->hold_out == 0)
        return fail(o, NULL,
                    "--keep-best needs --hold-out, the images that tell which parameters are the best");
    if (o->resume && !o->checkpoint)
        return fail(o, NULL, "--resume needs --checkpoint, the file to continue from");
    if (o->checkpoint && strcmp(o->checkpoint, "-") == 0)
        return fail(o, NULL, "--checkpoint: expected a file, got - (standard output)");
    if (o->virtual_shards & (o->virtual_shards - 1))
        return fail(o, NULL, "--virtual-shards: expected a power of two, got %" PRIu32, o->virtual_shards);
    if (o->method != METHOD_PRIMAL && (o->virtual_shards || o->fast_reduce))
        return fail(o, NULL, "%s needs --method primal: the dual method adds up no images",
                    o->virtual_shards ? "--virtual-shards" : "--fast-reduce");
    return true;
}

static bool check_cross_validate(const options *o) {
    if (o->leave_one_out && (o->folds || o->blocks))
        return fail(o, NULL, "--leave-one-out cannot be used with --folds or --blocks");
    return true;
}

static bool check(const options *o) {
    if (!o->data) {
        fail(o, NULL, "Missing expected argument '<data>'");
        return false;
    }
    if (o->quiet && o->verbose) return fail(o, NULL, "--quiet and --verbose cannot be used together");
    return check_decay(o) && (o->command == COMMAND_TRAIN ? check_train(o) : check_cross_validate(o));
}

bool options_read(options *o, int count, char **words, int *exit_code) {
    *o = (options){.seed = 1, .log_every = 100, .repeats = 1};
    *exit_code = 0;
    if (help_answers(count, words, &o->command, exit_code)) return false;
    *exit_code = EXIT_USAGE;
    reading r = {.count = count, .next = 1, .words = words};
    if (!read_words(o, &r)) return false;
    set_default(&o->iterations, 2500);
    set_default(&o->learning_rate, 0.0075);
    set_default(&o->weight_decay, 0);
    if (!check(o)) return false;
    if (o->virtual_shards == 0) o->virtual_shards = 64; // all checks know whether it was given
    return true;
}

// ---- Names ----------------------------------------------------------------------------------------------

const char *options_topology_name(const options *o) { return option_topologies[o->topology]; }
const char *options_precision_name(const options *o) { return option_precisions[o->precision]; }

const nnk_topology *options_topology(const options *o) {
    return o->topology == TOPOLOGY_DEEP ? &nnk_deep : &nnk_two_layer;
}

const nnk_arithmetic *options_arithmetic(const options *o) {
    return nnk_fastest(o->precision == PRECISION_F64 ? NNK_F64 : NNK_F32);
}
