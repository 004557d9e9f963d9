// Checkpoints: what lasts in the arena from one slice to the next, as a file.
#include "nnkernel/checkpoint.h"
#include "fast.h"
#include "header.h"
#include "work.h"

enum { SECTIONS = 12 };

/// A part of the arena that is a part of the file.
typedef struct section {
    uint8_t *bytes;
    uint32_t count;
    int32_t element; ///< bytes of one number, which is little-endian in the file
    uint32_t reals;  ///< bytes of it that are reals which last from one iteration to the next
} section;

#define SECTION(from, to, size)                                                                              \
    ((section){(uint8_t *)(from), (uint32_t)((const uint8_t *)(to) - (const uint8_t *)(from)), size, 0})

/// What is kept of examples and of the best parameters. With shards, rows of examples are left out: they are
/// made anew from the images that a process then has.
static section kept_section(const nnk_job *job, const arena *a) {
    const bool has_shards = nnk_shards_of(job) > 0;
    nnk_real *from = a->contrast && !has_shards ? a->contrast : a->kept,
             *to = job->method->number == NNK_DUAL ? a->logits : a->activations;
    return from ? SECTION(from, to, job->arithmetic->real_bytes) : (section){0, 0, 1, 0};
}

/// The sections behind the parameters where W1 and a square G lie in memory.
static section wide_section(const nnk_job *job, const arena *a, int32_t number) {
    const int32_t real = job->arithmetic->real_bytes;
    // A Gram matrix on its own is not a part of the file.
    nnk_real *gram_here = nnk_gram_of(job) ? a->scratch : a->gram;
    if (nnk_shards_of(job)) return (section){0, 0, 1, 0};
    switch (number) {
    case 8: return SECTION(a->activations, a->logits ? a->logits : a->scratch, real);
    case 9: return a->logits ? SECTION(a->logits, gram_here, real) : (section){0, 0, 1, 0};
    case 10: return a->logits ? SECTION(gram_here, a->scratch, real) : (section){0, 0, 1, 0};
    default: return (section){0, 0, 1, 0};
    }
}

/// Those of nnk_dual: reals, words, reals, and the packed G, which is bytes already.
static section dual_section(const nnk_job *job, const arena *a, uint32_t phase, int32_t number) {
    const int32_t real = job->arithmetic->real_bytes;
    uint8_t *from, *to;
    nnk_dual_words(job, a, phase, &from, &to);
    uint8_t *packed = phase == PROJECT_ROWS && nnk_formed(a->trainer) == 0 ? a->end : a->triangle;
    switch (number) {
    case 8: return SECTION(a->logits, from, real);
    case 9: return SECTION(from, to, 4);
    case 10: return SECTION(to, packed, real);
    default: return SECTION(packed, a->end, 1);
    }
}

/// The section of that number in the file, of a trainer in that phase.
static section numbered_section(const nnk_job *job, void *memory, uint32_t phase, int32_t number) {
    arena a;
    nnk_carve(job, memory, &a);
    nnk_trainer *t = a.trainer;
    const bool packed = job->method->number == NNK_DUAL;
    const int32_t real = job->arithmetic->real_bytes;
    const void *after_parameters = nnk_at(job, nnk_layer(job, &a, job->topology->layers).biases, 1);
    switch (number) {
    case 0: return SECTION(&t->job.cost_every, &t->job.mirror + 1, 4);
    case 1: return SECTION(&t->job.weight_decay, &t->job.weight_decay + 1, 8);
    case 2: return SECTION(&t->phase, &t->outcome + 1, 4);
    case 3: return SECTION(&t->cost, &t->left + 1, 8);
    case 4: return SECTION(t->random.word, &t->random.has_spare + 1, 4);
    case 5: return SECTION(&t->random.spare, &t->random.spare + 1, 8);
    case 6: return SECTION(a.parameters, after_parameters, real);
    case 7: return kept_section(job, &a);
    default: return packed ? dual_section(job, &a, phase, number) : wide_section(job, &a, number);
    }
}

#undef SECTION

/// Bytes of all sections; 0 where nnk_checkpoint_bytes is.
static uint32_t payload_bytes(const nnk_job *job) {
    const size_t bytes = nnk_train_bytes(job);
    // With shards only parameters are saved, which are below 2^30 bytes.
    const bool is_too_large = bytes > UINT32_MAX / 2 && !nnk_shards_of(job);
    uint32_t count = 0;
    void *anywhere = (void *)(uintptr_t)64; // only sizes are asked, which no phase changes
    if (bytes == 0 || is_too_large || nnk_forms_gram(job)) return 0;
    for (int32_t i = 0; i < SECTIONS; i++) count += numbered_section(job, anywhere, MODEL, i).count;
    return count;
}

size_t nnk_checkpoint_bytes(const nnk_job *job) {
    const uint32_t count = payload_bytes(job);
    return count > 0 ? NNK_HEADER_BYTES + count : 0;
}

/// The checksum of the data, 0 before it is complete.
static uint32_t known_data_crc(const nnk_trainer *t) { return t->phase > DIGEST ? t->data_crc : 0; }

/// Bytes at the start of a section that are reals which last: parameters, what centring and the best
/// parameters take, P and D. What lies behind them in an iteration, and from P on in the setup, may be
/// anything.
static uint32_t lasting_bytes(const nnk_job *job, void *memory, int32_t number, uint32_t count) {
    arena a;
    nnk_carve(job, memory, &a);
    const bool packed = job->method->number == NNK_DUAL, has_dual = a.logits && !nnk_is_in_setup(a.trainer);
    if (number == 6 || number == 7) return count;
    if (number == 8 && packed && has_dual) return (uint32_t)((uint8_t *)a.activations - (uint8_t *)a.logits);
    return number == 9 && !packed && has_dual ? count : 0;
}

/// What is left of the section at `position`, at most NNK_AT_ONCE bytes.
static section section_at(const nnk_job *job, void *memory, uint32_t position) {
    const nnk_trainer *t = memory;
    int32_t i = 0;
    section s = numbered_section(job, memory, t->phase, i);
    while (position >= s.count) {
        position -= s.count;
        s = numbered_section(job, memory, t->phase, ++i);
    }
    const uint32_t lasting = lasting_bytes(job, memory, i, s.count);
    s.bytes += position;
    s.count = nnk_smaller(NNK_AT_ONCE, s.count - position);
    s.reals = position < lasting ? nnk_smaller(s.count, lasting - position) : 0;
    return s;
}

/// Which build saved a trainer, in the place of its outcome, which is OPEN then: the small one (fast.h) forms
/// P and the first Gram matrix in other pieces.
enum { FAST_BUILD = OPEN, SMALL_BUILD = 3, THIS_BUILD = NNK_FAST ? FAST_BUILD : SMALL_BUILD };

/// Whether this build can go on where that build stopped. The trainer becomes one of this build.
static bool build_fits(const nnk_job *job, nnk_trainer *t) {
    const bool is_same = t->outcome == THIS_BUILD || job->method->number != NNK_DUAL;
    t->outcome = OPEN;
    return is_same || (t->phase != PROJECT_ROWS && (t->phase != GRAM || nnk_formed(t) > 0));
}

/// Whether its reals, as they lie in the file, are finite.
static bool section_sound(const section *s) {
    return nnk_reals_sound(s->bytes, (int32_t)s->reals, s->element, 0);
}

/// Writes what `section_at` gives. The arena itself is made as in the file, and then as it was; the numbers
/// that nnk_train_progress looks at are made so in a copy, since the sink may call it.
static nnk_status save_section(const nnk_job *job, nnk_trainer *t, nnk_checkpoint *progress, nnk_sink sink) {
    section s = section_at(job, t, progress->position);
    uint8_t copy[13 * 4];
    t->outcome = THIS_BUILD;
    if (__BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__ && s.count <= sizeof copy)
        s.bytes = memcpy(copy, s.bytes, s.count);
    nnk_swap(s.bytes, s.count, s.element);
    const uint32_t crc = job->arithmetic->crc32(progress->crc, s.bytes, s.count);
    nnk_status status = section_sound(&s) ? NNK_OK : NNK_E_DIVERGED;
    if (status == NNK_OK &&
        sink.write(sink.context, NNK_HEADER_BYTES + progress->position, s.bytes, s.count) != NNK_OK)
        status = NNK_E_SINK;
    nnk_swap(s.bytes, s.count, s.element);
    t->outcome = OPEN;
    if (status != NNK_OK) return status;
    progress->crc = crc;
    progress->position += s.count;
    return NNK_MORE;
}

/// Whether a checkpoint holds all that a trainer is made of here. With shards it does so between iterations.
static bool is_saved_here(const nnk_job *job, const nnk_trainer *t) {
    return !nnk_shards_of(job) || nnk_is_trained(t) || (t->phase == FORWARD && t->item == 0);
}

nnk_status nnk_checkpoint_save(const nnk_job *job, void *memory, nnk_checkpoint *progress, nnk_sink sink) {
    nnk_trainer *t = memory;
    const uint32_t count = payload_bytes(job);
    if (count == 0 || !progress || !sink.write) return NNK_E_ARGUMENT;
    const nnk_status ready = nnk_check_trainer(job, memory);
    if (ready != NNK_OK) return ready;
    if (t->outcome == FAILED) return NNK_E_DIVERGED;
    if (!is_saved_here(job, t)) return NNK_E_STATE;
    if (nnk_is_trained(t)) nnk_rewind_model(t); // a model that is half written is written anew
    if (progress->position > count) return NNK_E_ARGUMENT;
    if (progress->position < count) return save_section(job, t, progress, sink);
    nnk_header header = {.kind = NNK_KIND_CHECKPOINT,
                         .method = nnk_method_with(job->method->number, nnk_shards_of(job)),
                         .payload_bytes = count,
                         .payload_crc = progress->crc,
                         .data_crc = known_data_crc(t)};
    return nnk_header_write(&header, &t->job, t->job.dtype, sink);
}

/// Reads a checkpoint's header and the job's numbers: they are in the header and in the first two sections.
///   bytes (NNK_CHECKPOINT_START_BYTES)
static nnk_status read_numbers(const void *bytes, nnk_header *header, nnk_job_numbers *job) {
    const nnk_status status = nnk_header_read(header, bytes, NNK_KIND_CHECKPOINT);
    if (status != NNK_OK) return status;
    if (header->options) return NNK_E_VERSION; // a checkpoint has them in its payload
    job->topology.layers = header->layers;
    for (int32_t l = 0; l <= NNK_MAX_LAYERS; l++) job->topology.size[l] = header->size[l];
    job->dtype = header->dtype;
    job->method = nnk_method_in(header);
    job->shards = nnk_shards_in(header);
    job->first_shard = 0;
    job->shards_here = (uint16_t)job->shards;
    job->initializer = header->initializer;
    job->seed = header->seed;
    job->iterations = header->iterations;
    job->examples = header->examples;
    job->learning_rate = header->learning_rate;
    const uint8_t *behind = (const uint8_t *)bytes + NNK_HEADER_BYTES;
    const uint32_t count = NNK_CHECKPOINT_START_BYTES - NNK_HEADER_BYTES - 8;
    memcpy(&job->cost_every, behind, count);
    memcpy(&job->weight_decay, behind + count, 8);
    nnk_swap(&job->cost_every, count, 4);
    nnk_swap(&job->weight_decay, 8, 8);
    return nnk_topology_valid(&job->topology) ? NNK_OK : NNK_E_TOPOLOGY;
}

/// Whether the options are known, and the numbers that only jobs with an option have are there for one.
static bool saved_options_valid(const nnk_job_numbers *job) {
    enum { KNOWN = NNK_OPTION_SHARED | (NNK_OPTIONS & ~NNK_OPTION_JUDGED) };
    const uint32_t options = job->options;
    if (options & ~(uint32_t)KNOWN) return false;
    if (options & NNK_OPTION_DECAY ? !nnk_positive(job->weight_decay) : !nnk_is_zero(job->weight_decay))
        return false;
    if (options & NNK_OPTION_MIRRORED ? !nnk_mirror_valid(job->mirror, (uint32_t)job->topology.size[0])
                                      : (job->mirror.row_bytes | job->mirror.pixel_bytes) != 0)
        return false;
    if (options & NNK_OPTION_KEEP_BEST && (!(options & NNK_OPTION_WEIGHTS) || job->cost_every == 0))
        return false;
    return options & NNK_OPTION_START || job->start_crc == 0;
}

/// Whether a job can have these numbers: the one place that says so of a checkpoint. Loading does not ask, as
/// it compares them with those of its job, which were checked.
static bool numbers_valid(const nnk_job_numbers *job) {
    return job->method <= NNK_DUAL_WIDE && job->initializer >= NNK_INIT_DEEP &&
           job->initializer <= NNK_INIT_SMALL && job->examples >= 1 && job->examples <= NNK_MAX_EXAMPLES &&
           (job->capacity == 0 || (job->capacity >= job->examples && job->capacity <= NNK_MAX_EXAMPLES)) &&
           nnk_positive(job->learning_rate) && saved_options_valid(job);
}

nnk_status nnk_checkpoint_peek(const void *bytes, nnk_job_numbers *job, uint32_t *data_crc) {
    nnk_header header;
    if (!bytes || !job || !data_crc) return NNK_E_ARGUMENT;
    const nnk_status status = read_numbers(bytes, &header, job);
    if (status != NNK_OK) return status;
    if (!numbers_valid(job)) return NNK_E_HEADER; // checksums can be right where numbers are not
    *data_crc = header.data_crc;
    return NNK_OK;
}

/// Reads and checks the header, and the numbers behind it; its numbers go into `t`.
///   count: bytes of the payload
static nnk_status read_header(const nnk_job *job, nnk_trainer *t, uint32_t count, nnk_reader reader,
                              nnk_header *header) {
    uint8_t bytes[NNK_CHECKPOINT_START_BYTES];
    if (reader.read(reader.context, 0, sizeof bytes, bytes) != NNK_OK) return NNK_E_SOURCE;
    const nnk_status status = read_numbers(bytes, header, &t->job);
    if (status != NNK_OK) return status;
    if (nnk_share_of(job)) {
        t->job.first_shard = (uint16_t)job->share->first;
        t->job.shards_here = (uint16_t)job->share->count;
    }
    if (!nnk_has_numbers(job, &t->job)) return NNK_E_STATE;
    return header->payload_bytes == count ? NNK_OK : NNK_E_SIZE;
}

/// All of the file is read: checks what it says, and starts the comparison of the data with the labels.
static nnk_status check_contents(const nnk_job *job, nnk_trainer *t, nnk_checkpoint *progress,
                                 const nnk_header *header) {
    if (header->payload_crc != progress->crc || (t->outcome != FAST_BUILD && t->outcome != SMALL_BUILD))
        return NNK_E_PAYLOAD;
    if (!build_fits(job, t)) return NNK_E_STATE;
    if (header->data_crc != known_data_crc(t) || !nnk_trainer_sound(t, job) ||
        (job->method->number == NNK_DUAL && !nnk_dual_words_sound(job, t)))
        return NNK_E_PAYLOAD;
    if (t->weights_crc != nnk_weights_crc(job)) return NNK_E_STATE;
    t->total_weight = nnk_total_weight(job);
    progress->crc = nnk_first_data_crc(job);
    progress->position++;
    return NNK_MORE;
}

/// Takes in an image. With shards also its contrast, which is not in the file.
static nnk_status check_image(const nnk_job *job, nnk_trainer *t, uint32_t image, uint32_t *crc) {
    const bool takes_contrast = nnk_shards_of(job) && nnk_takes_contrast_off(job);
    uint8_t bytes[NNK_PATCH]; // the arena's own are part of what was read
    nnk_byte_sums sums = {0, 0};
    uint32_t all = *crc;
    const nnk_status status = nnk_digest_image(job, bytes, image, &all, takes_contrast ? &sums : NULL);
    if (status != NNK_MORE) return status;
    if (takes_contrast) {
        arena a;
        nnk_carve(job, t, &a);
        nnk_take_contrast(job, &a, image, sums);
    }
    if (!nnk_share_of(job)) *crc = all; // else it is of all images already
    return NNK_MORE;
}

/// Compares the job's data with the checkpoint's, as far as that had their checksum, one image per call. Not
/// inlined, so that reading takes no stack for it.
static __attribute__((noinline)) nnk_status check_data(const nnk_job *job, nnk_trainer *t,
                                                       nnk_checkpoint *progress, uint32_t image) {
    const uint32_t images = t->phase < DIGEST ? 0 : t->phase == DIGEST ? t->item : nnk_images(job, t);
    if (image < images) {
        const nnk_status status = check_image(job, t, image, &progress->crc);
        progress->position += status == NNK_MORE;
        return status;
    }
    if (image > images) return NNK_E_ARGUMENT;
    if (progress->crc != t->data_crc) return NNK_E_STATE;
    if (nnk_shards_of(job) && nnk_is_adjusted(job) && !nnk_takes_contrast_off(job)) {
        arena a;
        nnk_carve(job, t, &a);
        nnk_take_no_contrast(job, &a);
    }
    t->magic = NNK_TRAINER_MAGIC;
    return NNK_OK;
}

nnk_status nnk_checkpoint_load(const nnk_job *job, void *memory, size_t bytes, nnk_checkpoint *progress,
                               nnk_reader reader) {
    nnk_trainer *t = memory;
    const uint32_t count = payload_bytes(job);
    if (count == 0 || !progress || !reader.read) return NNK_E_ARGUMENT;
    const bool is_new = progress->position == 0; // else all labels have been looked at
    const nnk_status start =
        is_new ? nnk_check_start(job, memory, bytes) : nnk_check_memory(job, memory, bytes);
    if (start != NNK_OK) return start;
    if (progress->position > count) return check_data(job, t, progress, progress->position - count - 1);
    const bool is_read = progress->position == count;
    if (is_new) memset(t, 0, nnk_shards_of(job) ? nnk_train_bytes(job) : sizeof *t);
    if (is_new || is_read) { // a file of another job is refused before its contents are read
        nnk_header header;
        const nnk_status status = read_header(job, t, count, reader, &header);
        if (status != NNK_OK) return status;
        if (is_read) return check_contents(job, t, progress, &header);
    }
    const section s = section_at(job, memory, progress->position);
    if (reader.read(reader.context, NNK_HEADER_BYTES + progress->position, s.count, s.bytes) != NNK_OK)
        return NNK_E_SOURCE;
    if (!section_sound(&s)) return NNK_E_PAYLOAD;
    progress->crc = job->arithmetic->crc32(progress->crc, s.bytes, s.count);
    nnk_swap(s.bytes, s.count, s.element);
    progress->position += s.count;
    return NNK_MORE;
}
