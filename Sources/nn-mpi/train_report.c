#include "train_report.h"

#include "CSHA256.h"
#include "console.h"
#include "json_text.h"
#include "model_file.h"
#include "number_text.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double default_rate = 0.0075;

// ---- Warnings ---------------------------------------------------------------------------------------------

/// The class of all images, if there is only one; else -1.
static int only_class(const nnk_job *job) {
    const bool is_same = memchr(job->labels, 1 - job->labels[0], job->examples) == NULL;
    return is_same ? job->labels[0] : -1;
}

void warn_of_data(const training *t, warnings *w) {
    char images[64];
    const int label = only_class(&t->job);
    if (label < 0) return;
    w->has[WARNING_ONE_CLASS] = true;
    console_note(t->options, "warning: all %s are of %s; a network needs images of both classes",
                 counted(t->job.examples, "training image", images), t->job.class_names[label]);
}

/// "; try --center, a smaller --learning-rate or another --seed"
static const char *remedy(const options *o, char text[120]) {
    const bool is_fast = o->learning_rate.at[0] > default_rate;
    snprintf(text, 120, "; try %s%s%s or another --seed", is_fast ? "a smaller --learning-rate" : "",
             o->center ? ""
             : is_fast ? ", --center"
                       : "--center",
             is_fast     ? ""
             : o->center ? "a smaller --learning-rate"
                         : ", a smaller --learning-rate");
    return text;
}

static void warn_of_constant_output(const training *t, const nnk_model *model, const evaluation *e,
                                    const char *advice) {
    char cause[80] = "";
    const int32_t layer = silent_layer(model, e->low, e->high);
    if (layer) snprintf(cause, sizeof cause, ", as all units of layer %" PRId32 " are at zero", layer);
    console_note(t->options,
                 "warning: the network gives the same answer for every training image (probability of %s: "
                 "%.4f)%s%s",
                 t->job.class_names[1], e->low, cause, advice);
}

void warn_of_model(const training *t, const nnk_model *model, const evaluation *e, warnings *w) {
    const evaluation_counts *c = &e->taught;
    const double rate = t->options->learning_rate.at[0];
    char advice[120], images[64], text[NUMBER_TEXT_BYTES];
    if (!c->examples[0] || !c->examples[1]) return;
    remedy(t->options, advice);
    const bool is_constant = e->high - e->low < 0.001;
    if (is_constant) warn_of_constant_output(t, model, e, advice);
    const uint32_t right = c->right[0] + c->right[1];
    const uint32_t guessed = c->examples[0] > c->examples[1] ? c->examples[0] : c->examples[1];
    if (right <= guessed)
        console_note(t->options,
                     "warning: %" PRIu32
                     " of %s are classified correctly; always answering the larger class gets "
                     "%" PRIu32 "%s",
                     right, counted(c->examples[0] + c->examples[1], "training image", images), guessed,
                     is_constant ? "" : advice);
    const bool is_too_fast = rate > default_rate && (is_constant || right <= guessed);
    if (is_too_fast)
        console_note(t->options, "warning: --learning-rate %s is probably too high; try 0.0075",
                     number_text(rate, text));
    w->has[WARNING_CONSTANT_OUTPUT] = is_constant;
    w->has[WARNING_NO_BETTER_THAN_GUESSING] = right <= guessed;
    w->has[WARNING_LEARNING_RATE_TOO_HIGH] = is_too_fast;
}

// ---- Text -------------------------------------------------------------------------------------------------

/// At most 12 digits, as Python shows accuracies: 0.985645933014, 0.8, 1.0.
static const char *accuracy_text(const evaluation_counts *c, char text[32]) {
    size_t length = (size_t)snprintf(text, 32, "%.12f", evaluation_accuracy(c));
    while (text[length - 1] == '0' && text[length - 2] != '.') text[--length] = '\0';
    return text;
}

static uint32_t kept_iteration(const nnk_model *model) {
    nnk_training_record record = {0};
    nnk_model_record(model, &record);
    return record.kept_iteration;
}

void report_text(const training *t, const nnk_model *model, const evaluation *e) {
    char text[32];
    training_say(t->options, "Train Accuracy %s", accuracy_text(&e->taught, text));
    if (t->options->keep_best)
        training_say(t->options, "Kept the parameters before iteration %" PRIu32, kept_iteration(model));
    if (t->weights.held_out)
        training_say(t->options, "Held-out Accuracy %s", accuracy_text(&e->held_out, text));
}

// ---- JSON -------------------------------------------------------------------------------------------------

/// [[0,0.69],[100,0.65]]
static void write_costs(FILE *to, const training *t, bool are_held_out) {
    fputc('[', to);
    for (size_t i = 0; i < t->cost_count; i++) {
        fprintf(to, "%s[%" PRIu32 ",", i ? "," : "", t->costs[i].iteration);
        json_real(to, are_held_out ? t->costs[i].held_out : t->costs[i].cost);
        fputc(']', to);
    }
    fputc(']', to);
}

static void write_held_out(FILE *to, const training *t, const evaluation *e) {
    if (!t->weights.held_out) return;
    fprintf(to, "\"held_out\":%" PRIu32 ",", t->weights.held_out);
    json_member(to, "held_out_accuracy", evaluation_accuracy(&e->held_out));
    fputs("\"held_out_costs\":", to);
    write_costs(to, t, true);
    fputc(',', to);
}

static void write_model(FILE *to, const training *t, const nnk_model *model, const memory_file *file) {
    uint8_t digest[32];
    fputs("\"model\":{\"layers\":[", to);
    for (int32_t i = 0; i <= model->topology->layers; i++)
        fprintf(to, "%s%" PRId32, i ? "," : "", model->topology->size[i]);
    fputs("],\"path\":", to);
    json_text(to, model_path(t->options));
    fprintf(to, ",\"precision\":\"%s\",\"sha256\":\"", options_precision_name(t->options));
    nn_sha256(file->bytes, file->count, false, digest);
    for (size_t i = 0; i < sizeof digest; i++) fprintf(to, "%02x", (unsigned)digest[i]);
    fputs("\"}", to);
}

static void write_warnings(FILE *to, const warnings *w) {
    static const char *const names[WARNINGS] = {"one_class", "constant_output", "no_better_than_guessing",
                                                "learning_rate_too_high"};
    const char *before = "";
    fputs("\"warnings\":[", to);
    for (int i = 0; i < WARNINGS; i++)
        if (w->has[i]) {
            fprintf(to, "%s\"%s\"", before, names[i]);
            before = ",";
        }
    fputc(']', to);
}

/// Keys are in the order of their names.
static void write_object(FILE *to, const training *t, const nnk_model *model, const memory_file *file,
                         const evaluation *e, const warnings *w) {
    fprintf(to, "{\"arena_bytes\":%zu,\"costs\":", t->arena_bytes);
    write_costs(to, t, false);
    fputc(',', to);
    write_held_out(to, t, e);
    fprintf(to, "\"iterations\":%" PRIu32 ",", t->job.iterations);
    if (t->options->keep_best) fprintf(to, "\"kept_iteration\":%" PRIu32 ",", kept_iteration(model));
    json_member(to, "learning_rate", t->job.learning_rate);
    fprintf(to, "\"method\":\"%s\",\"mislabeled\":[],", t->job.method == &nnk_primal ? "primal" : "dual");
    write_model(to, t, model, file);
    fputs(",\"seconds\":{", to);
    json_member(to, "finish", t->seconds.finish);
    json_member(to, "load", t->seconds.load);
    json_member(to, "loop", t->seconds.loop);
    json_member(to, "setup", t->seconds.setup);
    fputs("\"total\":", to);
    json_real(to, t->seconds.total);
    fprintf(to, "},\"seed\":%" PRIu32 ",\"test_accuracy\":null,", t->job.seed);
    json_member(to, "train_accuracy", evaluation_accuracy(&e->taught));
    write_warnings(to, w);
    fputs("}\n", to);
}

void report_json(const training *t, const nnk_model *model, const memory_file *file, const evaluation *e,
                 const warnings *w) {
    json_object object;
    json_begin(&object);
    write_object(object.to, t, model, file, e, w);
    json_print(&object);
}

memory_file report_csv(const training *t) {
    enum { LINE = 32 + 2 * NUMBER_TEXT_BYTES };
    char a[NUMBER_TEXT_BYTES], b[NUMBER_TEXT_BYTES];
    const bool has_held_out = t->weights.held_out > 0;
    memory_file table = memory_file_of(LINE * (t->cost_count + 1));
    char *text = (char *)table.bytes;
    table.count = (size_t)sprintf(text, "iteration,cost%s\n", has_held_out ? ",held_out_cost" : "");
    for (size_t i = 0; i < t->cost_count; i++) {
        const cost *c = &t->costs[i];
        table.count +=
            (size_t)sprintf(text + table.count, "%" PRIu32 ",%s%s%s\n", c->iteration, number_text(c->cost, a),
                            has_held_out ? "," : "", has_held_out ? number_text(c->held_out, b) : "");
    }
    return table;
}
