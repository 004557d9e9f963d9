// nn-mpi train: one network, which all ranks train. It says, writes and returns what nn-cli train does.
#include "clock.h"
#include "commands.h"
#include "console.h"
#include "data.h"
#include "interrupt.h"
#include "method_choice.h"
#include "model_file.h"
#include "train_report.h"
#include "training.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

// ---- Files that are written -------------------------------------------------------------------------------

enum { OUTPUTS = 3, FILE_BYTES = 4096 + DATASET_FILE_BYTES };

typedef struct named_path {
    const char *name, *path; ///< path: NULL: none
} named_path;

static void paths_of(const options *o, named_path paths[OUTPUTS]) {
    paths[0] = (named_path){"--output", model_path(o)};
    paths[1] = (named_path){"--checkpoint", o->checkpoint};
    paths[2] = (named_path){"--log-csv", o->log_csv};
}

/// Whether the checkpoint is not there yet, or is the one to continue from. Returns 0 or 64.
static int check_checkpoint(const options *o) {
    file_error error;
    output_file file;
    struct stat there;
    if (!o->checkpoint || o->resume || stat(o->checkpoint, &there) != 0 || S_ISDIR(there.st_mode)) return 0;
    const bool is_locked = output_open(&file, o->checkpoint, &error) && output_lock(&file, &error);
    if (!is_locked && error.exit_code == EXIT_USAGE)
        return options_refuse(o, "--checkpoint: %s is used by another run", o->checkpoint);
    return options_refuse(o, "--checkpoint: %s already exists; continue it with --resume, or remove it",
                          o->checkpoint);
}

/// Whether all files are different ones. Returns 0 or 64.
static int check_paths(const options *o) {
    named_path paths[OUTPUTS];
    paths_of(o, paths);
    for (size_t i = 0; i < OUTPUTS; i++) {
        const named_path *p = &paths[i];
        if (!p->path) continue;
        for (size_t j = 0; j < i; j++)
            if (paths[j].path && output_is_same(paths[j].path, p->path))
                return options_refuse(o, "%s: expected a file other than %s, got %s", p->name, paths[j].name,
                                      p->path);
        if (o->from && strcmp(p->path, "-") != 0 && output_is_same(p->path, o->from))
            return options_refuse(o, "%s: expected a file other than the model of --from, got %s", p->name,
                                  p->path);
        if (o->json && output_is_stdout(p->path))
            return options_refuse(o, "--json prints to standard output, so no other output can be - as well");
    }
    return check_checkpoint(o);
}

static bool is_of_data(const dataset *set, const char *path) {
    char file[FILE_BYTES];
    for (uint32_t i = 0; i <= set->shard_count; i++) {
        const char *name = i < set->shard_count ? set->shards[i].file : DATASET_MANIFEST;
        snprintf(file, sizeof file, "%s/%s", set->folder, name);
        ranks_poll();
        if (output_is_same(path, file)) return true;
    }
    return false;
}

/// Whether the files of the data set stay as they are. Returns 0 or 64.
static int check_data_stays(const options *o, const dataset *set) {
    named_path paths[OUTPUTS];
    paths_of(o, paths);
    for (size_t i = 0; i < OUTPUTS; i++)
        if (paths[i].path && strcmp(paths[i].path, "-") != 0 && is_of_data(set, paths[i].path))
            return options_refuse(o, "%s: expected a file other than the data set, got %s", paths[i].name,
                                  paths[i].path);
    return 0;
}

/// What rank 0 finds. Others may see other files.
///
/// set: NULL: before the data set is read
static int check_files(const options *o, const dataset *set) {
    int exit_code = ranks_rank() != 0 ? 0 : set ? check_data_stays(o, set) : check_paths(o);
    ranks_broadcast(&exit_code, sizeof exit_code, 0);
    return exit_code;
}

static void open_output(output_file *f, const char *path) {
    file_error error;
    *f = (output_file){.path = path, .lock = -1};
    if (path && ranks_rank() == 0 && !output_open(f, path, &error))
        ranks_fail(error.exit_code, "%s", error.text);
}

static void write_output(output_file *f, const memory_file *file) {
    file_error error;
    if (ranks_rank() != 0) return;
    ranks_be_patient(OUTPUT_PATIENCE);
    if (!output_write(f, file->bytes, file->count, &error)) ranks_fail(error.exit_code, "%s", error.text);
    ranks_be_patient(0);
}

// ---- The job ----------------------------------------------------------------------------------------------

static void weigh(training *t, const dataset *set) {
    int alone;
    if (!example_weights_of(t->options, set->labels, set->examples, &t->weights, &alone))
        ranks_fail(EXIT_BAD_DATA,
                   "%s: expected two images or more of each class for --hold-out, got one of %s",
                   t->options->data, set->class_names[alone]);
    t->job.weights = t->weights.weights;
    t->job.weights_rule = t->weights.rule;
}

/// The primal method: each rank has some of the shards, and the images of these alone.
static int share_primal(training *t, const dataset *set) {
    const options *o = t->options;
    if ((uint32_t)ranks_count() > o->virtual_shards)
        return options_refuse(
            o, "--virtual-shards: expected as many as there are ranks, %d, or more, got %" PRIu32,
            ranks_count(), o->virtual_shards);
    if ((uint32_t)ranks_count() > set->examples)
        return options_refuse(
            o, "--method primal: expected at most as many ranks as images, %" PRIu32 ", got %d",
            set->examples, ranks_count());
    t->job.shards = o->virtual_shards;
    t->sums = (ranks_sums){o->virtual_shards, set->examples, o->fast_reduce};
    const uint32_t first = ranks_first_shard(&t->sums, ranks_rank()),
                   end = ranks_first_shard(&t->sums, ranks_rank() + 1);
    t->share = (nnk_share){first, end - first, set->images_crc, ranks_sum, &t->sums};
    t->first = nnk_shard_start(set->examples, o->virtual_shards, first);
    t->count = nnk_shard_start(set->examples, o->virtual_shards, end) - t->first;
    if (ranks_count() > 1) t->job.share = &t->share;
    return 0;
}

/// Whether the job fits the core, and its arena a checkpoint if it is to be saved.
static void check_sizes(training *t) {
    const options *o = t->options;
    const uint64_t examples = (uint64_t)t->job.examples * (o->mirror ? 2 : 1);
    if (examples > NNK_MAX_EXAMPLES)
        ranks_fail(EXIT_BAD_DATA, "%s: expected at most %d images, mirror images included, got %" PRIu64,
                   o->data, NNK_MAX_EXAMPLES, examples);
    t->arena_bytes = nnk_train_bytes(&t->job);
    if (t->arena_bytes == 0) ranks_fail(EXIT_INTERNAL, "%s: expected a run that fits into memory", o->data);
    if (o->checkpoint && nnk_checkpoint_bytes(&t->job) == 0)
        ranks_fail(EXIT_USAGE, "--checkpoint: a run of more than 2 GiB of memory on a rank cannot be saved");
}

/// All of the job but its images and the model to start from.
static int prepare(training *t, const dataset *set) {
    const options *o = t->options;
    t->job = (nnk_job){
        .topology = options_topology(o),
        .arithmetic = options_arithmetic(o),
        .seed = o->seed,
        .iterations = (uint32_t)o->iterations.at[0],
        .cost_every = o->log_every,
        .examples = set->examples,
        .learning_rate = o->learning_rate.at[0],
        .labels = set->labels,
        .class_names = {set->class_names[0], set->class_names[1]},
        .weight_decay = o->weight_decay.at[0],
        .center = o->center,
        .own_contrast = o->own_contrast,
        .keep_best = o->keep_best,
    };
    if (o->mirror) t->job.mirror = (nnk_mirror){.row_bytes = 3 * set->width, .pixel_bytes = 3};
    weigh(t, set);
    t->job.method = method_choice(o, &t->job);
    ranks_share(set->examples, &t->first, &t->count);
    const int exit_code = t->job.method == &nnk_primal ? share_primal(t, set) : 0;
    if (exit_code == 0) check_sizes(t);
    return exit_code;
}

/// With the dual method each rank has all images.
static uint8_t *read_images(training *t, const dataset *set) {
    const bool has_all = t->job.method != &nnk_primal;
    uint8_t *images = has_all ? data_read(set, 0, set->examples) : data_read_part(set, t->first, t->count);
    t->job.images = (nnk_source){.images = images};
    return images;
}

// ---- The model --------------------------------------------------------------------------------------------

/// Every rank has the whole model. Returns false if its parameters are not finite.
static bool finish(training *t, memory_file *file, nnk_model *model) {
    const uint32_t bytes = nnk_model_bytes(t->job.topology, options_arithmetic(t->options)->dtype);
    *file = memory_file_of(bytes + sizeof(nnk_records) + 256);
    nnk_status status;
    while ((status = nnk_train_finish(&t->job, t->arena, (nnk_sink){memory_write, file})) > 0) ranks_poll();
    if (status == NNK_E_DIVERGED) return false;
    if (status == NNK_OK) status = nnk_model_open(model, file->bytes, file->count, t->job.topology);
    if (status != NNK_OK) ranks_fail(EXIT_INTERNAL, "the model: %s", nnk_status_text(status));
    return true;
}

/// Returns false if predictions overflow: then the cost is no longer finite either.
static bool evaluate_model(const training *t, const nnk_model *model, evaluation *e) {
    const bool has_all = t->job.method != &nnk_primal;
    const size_t before = has_all ? t->first * (size_t)t->job.topology->size[0] : 0;
    *e = evaluate(model, &t->job, t->first, t->count, t->job.images.images + before);
    return !e->overflows;
}

static void report(training *t, const nnk_model *model, const memory_file *file, const evaluation *e,
                   output_file *table, warnings *w) {
    const options *o = t->options;
    warn_of_model(t, model, e, w);
    training_lap(t, &t->seconds.finish, "writing and evaluating the model");
    if (o->json)
        report_json(t, model, file, e, w);
    else
        report_text(t, model, e);
    if (!o->json)
        console_note(o, "wrote %s (%zu bytes) after %.1f s", model_path(o), file->count, t->seconds.total);
    if (!table->path) return;
    memory_file costs = report_csv(t);
    write_output(table, &costs);
    if (!o->json) console_note(o, "wrote %s", table->path);
    free(costs.bytes);
}

/// Writes the model of a training that is done, if it is usable, then what there is to say about it. Returns
/// an exit code.
static int deliver(training *t, output_file *output, output_file *table, checkpoint_file *checkpoint,
                   warnings *w) {
    nnk_model model;
    memory_file file;
    evaluation e;
    const bool is_usable = finish(t, &file, &model) && evaluate_model(t, &model, &e);
    if (is_usable) {
        write_output(output, &file);
        checkpoint_remove(checkpoint);
        report(t, &model, &file, &e, table, w);
    }
    free(file.bytes);
    return is_usable ? 0 : training_end_diverged(t, checkpoint);
}

// ---- The command ------------------------------------------------------------------------------------------

static int run(training *t, const dataset *set, output_file *output, output_file *table,
               checkpoint_file *checkpoint) {
    const uint64_t bytes = (uint64_t)set->examples * set->image_bytes;
    const uint32_t data_crc = nnk_crc32_joined(set->labels_crc, set->images_crc, bytes);
    char images[64];
    warnings w = {{false}};
    int exit_code = check_files(t->options, set);
    if (exit_code == 0) exit_code = prepare(t, set);
    if (exit_code) return exit_code;
    // What can be refused is refused before the images are read, which may take long.
    model_check_replaced(t->options, data_crc);
    warn_of_data(t, &w);
    model_file start = model_to_start_from(t->options, t->job.class_names);
    if (start.bytes) t->job.start = &start.model;
    uint8_t *pixels = read_images(t, set);
    training_lap(t, &t->seconds.load, "reading %s and 0 test images",
                 counted(set->examples, "training image", images));
    exit_code = training_run(t, data_crc, checkpoint);
    if (exit_code == 0) exit_code = deliver(t, output, table, checkpoint, &w);
    free(start.bytes);
    free(pixels);
    return exit_code;
}

int train(const options *o) {
    training t = {.options = o, .started = clock_seconds()};
    dataset set;
    output_file output, table;
    checkpoint_file checkpoint;
    interrupt_watch(o);
    t.lap_started = t.started;
    int exit_code = check_files(o, NULL);
    if (exit_code) return exit_code;
    open_output(&output, model_path(o));
    open_output(&table, o->log_csv);
    checkpoint_open(&checkpoint, o);
    data_open(&set, o->data);
    exit_code = run(&t, &set, &output, &table, &checkpoint);
    dataset_close(&set);
    free(t.weights.weights);
    free(t.costs);
    free(t.arena);
    if (exit_code == 0) console_detail(o, "%.3f s in all", clock_seconds() - t.started);
    return exit_code;
}
