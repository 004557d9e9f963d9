// The answer of cross-validate, the one of nn-cli: as a table, and as JSON.
#include "console.h"
#include "cross_validation.h"
#include "json_text.h"
#include "memory.h"
#include "number_text.h"
#include "ranks.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/// What a combination of options is worth.
typedef struct result {
    const nnk_recipe *recipe;
    uint32_t iterations;
    const double *logits; ///< (repeats, examples)
    nnk_scores scores;    ///< NaN: a training diverged
} result;

typedef struct answer {
    const cross_validation *c;
    uint32_t counts[2]; ///< photos of each class
    result *results;
    uint32_t count;
    int64_t best;          ///< the result with the lowest log loss, the first of equal ones; -1: all diverged
    double *probabilities; ///< (examples): scratch
} answer;

// ---- Scores -----------------------------------------------------------------------------------------------

static bool has_diverged(const result *r) { return isnan(r->scores.log_loss); }

static result scored(const cross_validation *c, uint32_t recipe, uint32_t iterations, uint32_t *order) {
    const nnk_validation *v = &c->core;
    const nnk_choice choice = {recipe, iterations / v->job.cost_every - 1};
    result r = {.recipe = &c->recipes[recipe], .iterations = iterations};
    r.logits = nnk_validation_logits(v, c->logits, choice);
    nnk_score(r.logits, v->repeats, v->job.labels, v->job.examples, order, &r.scores);
    return r;
}

/// Scores all results: by weight decay, then by learning rate, then by iterations, in the order of the
/// options.
static answer judge(const cross_validation *c) {
    const value_list *iterations = &c->options->iterations;
    answer a = {.c = c, .best = -1};
    uint32_t *order = memory_of(c->data->examples * sizeof *order);
    a.probabilities = memory_of(c->data->examples * sizeof *a.probabilities);
    a.results = memory_of((size_t)c->core.recipe_count * iterations->count * sizeof *a.results);
    for (uint32_t j = 0; j < c->data->examples; j++) a.counts[c->data->labels[j]]++;
    for (uint32_t recipe = 0; recipe < c->core.recipe_count; recipe++)
        for (uint32_t i = 0; i < iterations->count; i++, a.count++) {
            ranks_poll(); // other ranks wait for this one
            const result r = scored(c, recipe, (uint32_t)iterations->at[i], order);
            const double lowest = a.best < 0 ? INFINITY : a.results[a.best].scores.log_loss;
            if (r.scores.log_loss < lowest) a.best = a.count;
            a.results[a.count] = r;
        }
    free(order);
    return a;
}

/// The class that always answering the larger one names; of equal ones, class 0.
static int larger_class(const answer *a) { return a->counts[1] > a->counts[0]; }

static double guessing(const answer *a) {
    return (double)a->counts[larger_class(a)] / (double)a->c->data->examples;
}

// ---- Remarks: why the figures say less than they seem to --------------------------------------------------

static void remark_on_sequence(const answer *a) {
    const char *reason = "The photos look like frames taken one after another";
    const uint32_t block = a->c->core.folds.block;
    if (!a->c->is_sequence) return;
    if (block > 1)
        console_answer("%s: %u neighbours stay in one fold (--blocks decides).", reason, block);
    else
        console_answer("%s, but no neighbours are kept together: the figures may be too good.", reason);
}

static void remark_on_copies(const answer *a) {
    char pairs[64];
    const uint32_t count = a->c->alike;
    if (count > 0)
        console_answer("%s of photos nearly alike %s in different folds: the figures may be too good.",
                       counted(count, "pair", pairs), count == 1 ? "lies" : "lie");
}

/// With fewer photos of a class the interval goes from nearly 0 to nearly 1.
static void remark_on_few_photos(const answer *a) {
    enum { FEW = 10 };
    char photos[64];
    const bool few[2] = {a->counts[0] < FEW, a->counts[1] < FEW};
    if (few[0] && few[1]) {
        console_answer(
            "With so few photos nothing can be said about photos not seen: take 30 or more of each class.");
    } else if (few[0] || few[1]) {
        const uint32_t count = a->counts[few[1]];
        console_answer(
            "%s of %s %s too few to say anything about photos not seen: take 30 or more of each class.",
            counted(count, "photo", photos), a->c->data->class_names[few[1]], count == 1 ? "is" : "are");
    }
}

// ---- As a table -------------------------------------------------------------------------------------------

enum { COLUMNS = 8, CELL_BYTES = 32 };

typedef struct table_row {
    char cells[COLUMNS][CELL_BYTES];
} table_row;

static const table_row heads = {
    {"", "weight decay", "learning rate", "iterations", "accuracy", "95 % interval", "log loss", "AUC"}};

static table_row row_of(const answer *a, uint32_t index) {
    const result *r = &a->results[index];
    const nnk_scores *s = &r->scores;
    table_row row = {0};
    char(*cell)[CELL_BYTES] = row.cells;
    snprintf(cell[0], CELL_BYTES, "%s", index == a->best ? "*" : "");
    snprintf(cell[1], CELL_BYTES, "%.4g", r->recipe->weight_decay);
    snprintf(cell[2], CELL_BYTES, "%.4g", r->recipe->learning_rate);
    snprintf(cell[3], CELL_BYTES, "%u", r->iterations);
    snprintf(cell[4], CELL_BYTES, "diverged");
    if (has_diverged(r)) return row;
    snprintf(cell[4], CELL_BYTES, "%.2f", s->accuracy);
    snprintf(cell[5], CELL_BYTES, "%.2f to %.2f", s->low, s->high);
    snprintf(cell[6], CELL_BYTES, "%.3f", s->log_loss);
    snprintf(cell[7], CELL_BYTES, "%.3f", s->auc);
    return row;
}

static void widen(const table_row *row, int widths[COLUMNS]) {
    for (int i = 0; i < COLUMNS; i++) {
        const int width = (int)strlen(row->cells[i]);
        if (width > widths[i]) widths[i] = width;
    }
}

static void print_row(const table_row *row, const int widths[COLUMNS]) {
    char line[COLUMNS * (CELL_BYTES + 2)];
    size_t length = 0;
    for (int i = 0; i < COLUMNS; i++)
        length += (size_t)snprintf(line + length, sizeof line - length, "%s%*s", i > 0 ? "  " : "", widths[i],
                                   row->cells[i]);
    console_answer("%s", line);
}

static void print_table(const answer *a) {
    int widths[COLUMNS] = {0};
    widen(&heads, widths);
    for (uint32_t i = 0; i < a->count; i++) {
        const table_row row = row_of(a, i);
        widen(&row, widths);
    }
    print_row(&heads, widths);
    for (uint32_t i = 0; i < a->count; i++) {
        const table_row row = row_of(a, i);
        print_row(&row, widths);
    }
}

static void print_summary(const answer *a) {
    char photos[64], networks[64], kept[64] = "";
    const cross_validation *c = a->c;
    const uint32_t block = c->core.folds.block;
    if (block > 1) snprintf(kept, sizeof kept, "; %u neighbours stay in one fold", block);
    console_answer("%s held out in turn, %s%s. Always answering %s gets %.2f.",
                   counted(c->data->examples, "photo", photos),
                   counted(nnk_validation_networks(&c->core), "network", networks), kept,
                   c->data->class_names[larger_class(a)], guessing(a));
}

// ---- As JSON: the members of each object in alphabetical order, as nn-cli has them ------------------------

static const char *truth(bool value) { return value ? "true" : "false"; }

/// "name":[ and so on
static void put_numbers(FILE *out, const char *name, const double *values, uint32_t count) {
    fprintf(out, "\"%s\":[", name);
    for (uint32_t i = 0; i < count; i++) {
        if (i > 0) fputc(',', out);
        json_real(out, values[i]);
    }
    fputc(']', out);
}

static void put_options(FILE *out, const cross_validation *c, const result *r) {
    const options *o = c->options;
    fprintf(out, "\"options\":{\"balance\":%s,\"center\":%s,\"iterations\":%u,", truth(o->balance),
            truth(o->center), r->iterations);
    json_member(out, "learning_rate", r->recipe->learning_rate);
    fprintf(out, "\"mirror\":%s,\"own_contrast\":%s,\"precision\":\"%s\",\"seed\":%u,\"topology\":\"%s\",",
            truth(o->mirror), truth(o->own_contrast), options_precision_name(o), o->seed,
            options_topology_name(o));
    fputs("\"weight_decay\":", out);
    json_real(out, r->recipe->weight_decay);
    fputs("},", out);
}

/// Of class 1, held out, in the order of the data; the mean over the repeats.
static void put_probabilities(FILE *out, const answer *a, const result *r) {
    const nnk_job *job = &a->c->core.job;
    nnk_own_class(r->logits, a->c->core.repeats, job->labels, job->examples, a->probabilities);
    for (uint32_t j = 0; j < job->examples; j++)
        if (job->labels[j] == 0) a->probabilities[j] = 1 - a->probabilities[j];
    put_numbers(out, "probabilities", a->probabilities, job->examples);
}

static void put_result(FILE *out, const answer *a, const result *r) {
    const nnk_scores *s = &r->scores;
    fputc('{', out);
    json_member(out, "accuracy", s->accuracy);
    json_member(out, "auc", s->auc);
    fprintf(out, "\"better_than_guessing\":%s,", truth(nnk_better_than_guessing(s) == 1));
    json_member(out, "guessing", guessing(a));
    if (has_diverged(r))
        fputs("\"interval\":null", out);
    else
        put_numbers(out, "interval", (double[]){s->low, s->high}, 2);
    fputc(',', out);
    json_member(out, "log_loss", s->log_loss);
    put_options(out, a->c, r);
    if (has_diverged(r))
        fputs("\"probabilities\":null", out);
    else
        put_probabilities(out, a, r);
    fputc('}', out);
}

static void put_answer(FILE *out, const answer *a) {
    const cross_validation *c = a->c;
    fprintf(out, "{\"alike_across_folds\":%u,\"arena_bytes\":%zu,", c->alike, c->bytes);
    if (a->best < 0)
        fputs("\"best\":null,", out);
    else
        fprintf(out, "\"best\":%lld,", (long long)a->best);
    fprintf(out, "\"block\":%u,\"folds\":%u,\"networks\":%u,\"results\":[", c->core.folds.block,
            c->core.folds.count, nnk_validation_networks(&c->core));
    for (uint32_t i = 0; i < a->count; i++) {
        ranks_poll();
        if (i > 0) fputc(',', out);
        put_result(out, a, &a->results[i]);
    }
    fputs("],\"seconds\":{", out);
    json_member(out, "load", c->load);
    fputs("\"total\":", out);
    json_real(out, c->total);
    fputs("}}\n", out);
}

static void print_json(const answer *a) {
    json_object object;
    json_begin(&object);
    put_answer(object.to, a);
    json_print(&object);
}

void cross_validation_answer(const cross_validation *c) {
    answer a = judge(c);
    if (c->options->json) {
        print_json(&a);
    } else {
        remark_on_sequence(&a);
        remark_on_copies(&a);
        remark_on_few_photos(&a);
        print_table(&a);
        print_summary(&a);
    }
    free(a.results);
    free(a.probabilities);
}
