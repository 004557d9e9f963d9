/// Writes the seeds of the core's fuzzers: models and checkpoints of every kind. An input begins with the
/// bytes by which its fuzzer chooses a topology, a job and so on.
///
///     seeds FOLDER
#include "models.h"
#include "trainings.h"

static const char *folder;

/// Writes FOLDER/fuzzer/name-number: the bytes of `start`, then the file.
static void put(const char *fuzzer, const char *name, uint32_t number, const void *start, size_t start_bytes,
                const uint8_t *bytes, size_t count) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s/%s-%u", folder, fuzzer, name, number);
    FILE *file = fopen(path, "wb");
    REQUIRE(file && fwrite(start, 1, start_bytes, file) == start_bytes);
    REQUIRE((count == 0 || fwrite(bytes, 1, count, file) == count) && fclose(file) == 0);
}

/// Models of each topology and element type, with and without options, and judged.
static void put_models(void) {
    for (uint32_t i = 0; i < TOPOLOGIES * 4; i++) {
        const nnk_topology *t = &topologies[i / 4];
        const uint8_t choice[] = {(uint8_t)(i % 2), (uint8_t)(i / 2 % 2), 0x11, 0x23, 0x3d, 0xbe};
        input in = {choice, sizeof choice};
        nnk_model m = take_model(&in, t);
        const nnk_expectation e = {1.5, -0.5, 0.75F, 0.5F, 1, 0.5F, 0.75F, 0.5F, 20, 5};
        memory_file f = new_file(MOST_ROOM), bytes = new_file(MOST_ROOM), judged = new_file(MOST_ROOM);
        const uint8_t start[] = {(uint8_t)(i / 4), 7};
        m.class_names[0] = "other";
        m.class_names[1] = "cat";
        REQUIRE(nnk_model_write(&m, sink_of(&f)) == NNK_OK);
        REQUIRE(nnk_model_quantize(&m, sink_of(&bytes)) == NNK_OK);
        REQUIRE(nnk_model_calibrate(&m, &e, sink_of(&judged)) == NNK_OK);
        put("model", "model", i, start, sizeof start, f.bytes, f.size);
        put("model", "bytes", i, start, sizeof start, bytes.bytes, bytes.size);
        put("model", "judged", i, start, sizeof start, judged.bytes, judged.size);
        put("quantizer", "judged", i, (uint8_t[]){(uint8_t)(i / 4), 3, 50}, 3, (const uint8_t *)&e, sizeof e);
        put("quantizer", "model", i, (uint8_t[51]){(uint8_t)(i / 4)}, 51, choice, sizeof choice);
        put("predictor", "model", i, (uint8_t[25]){(uint8_t)(i / 4), 5, 40, 1}, 25, choice, sizeof choice);
        free((void *)(uintptr_t)m.parameters);
        free(f.bytes);
        free(bytes.bytes);
        free(judged.bytes);
    }
}

/// Checkpoints of each job, after every seventh slice.
static void put_checkpoints(void) {
    const fuzz_data d = new_data();
    for (uint32_t i = 0; i < TRAININGS; i++) {
        const nnk_job job = job_of(i, &d);
        void *arena = room_for(nnk_train_bytes(&job));
        nnk_status status = nnk_train_begin(&job, arena, nnk_train_bytes(&job));
        REQUIRE(status == NNK_OK);
        for (uint32_t slice = 0; slice == 0 || status > 0; slice++) {
            memory_file f = new_file(SMALL_CHECKPOINT);
            const uint8_t start[] = {(uint8_t)i, (uint8_t)(slice % 5)};
            REQUIRE(save(&job, arena, &f) == NNK_OK);
            if (slice % 7 == i % 7) put("checkpoint", "slice", i << 8 | slice, start, 2, f.bytes, f.size);
            status = nnk_train_step(&job, arena);
            free(f.bytes);
        }
        REQUIRE(status == NNK_OK);
        free(arena);
    }
}

/// The start of an input alone: for fuzzers that make all else of it.
static void put_others(void) {
    for (uint32_t i = 0; i < 16; i++) {
        uint8_t bytes[400];
        for (uint32_t k = 0; k < sizeof bytes; k++) bytes[k] = (uint8_t)(k * (i + 3) * 37);
        put("block_writer", "bytes", i, bytes, 3 * i + 2, NULL, 0);
        double logits[48];
        for (uint32_t k = 0; k < 48; k++) logits[k] = (double)(int8_t)bytes[k] / 16;
        put("judge", "logits", i, bytes, 3 + i % 48 + 1, (const uint8_t *)logits, sizeof logits);
    }
}

int main(int count, char **arguments) {
    REQUIRE(count == 2);
    folder = arguments[1];
    put_models();
    put_checkpoints();
    put_others();
    return 0;
}
