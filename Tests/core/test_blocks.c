/// Files on devices that take whole blocks: each once, in order, the header last; and whenever the power
/// fails, nothing that is taken for a file.
#include "jobs.h"

static const nnk_topology topology = {3, {201, 5, 3, 1}};
static const uint32_t sizes[] = {1, 2, 3, 8, 16, 48, 64, 65, 96, 100, 256, 512, 4096, 100000};

#define FOR_EACH_SIZE(size)                                                                                  \
    for (size_t size_ = 0; size_ < sizeof sizes / sizeof sizes[0]; size_++)                                  \
        for (uint32_t size = sizes[size_], once_ = 1; once_; once_ = 0)

/// Flash whose blocks can be written once after they were erased.
typedef struct flash {
    uint8_t *bytes;
    bool *written;                 ///< of each block
    size_t block, room;            ///< bytes of a block, and of all
    size_t next;                   ///< where the next block must begin, unless it is at the start
    bool in_head;                  ///< the first blocks are being written
    uint32_t calls, fail_at, torn; ///< the write that fails, and how many bytes of it are stored all the same
} flash;

static flash new_flash(size_t block, size_t room) {
    flash f = {.block = block, .room = (room / block + 2) * block + (block < 64 ? 64 / block * block : 0)};
    f.bytes = room_for(f.room);
    f.written = room_for(f.room / block * sizeof *f.written);
    memset(f.bytes, 0xff, f.room);
    memset(f.written, 0, f.room / block * sizeof *f.written);
    return f;
}

static void release(flash *f) {
    free(f->bytes);
    free(f->written);
}

/// Bytes of the blocks that hold the header.
static size_t head_of(size_t block) { return (64 + block - 1) / block * block; }

static nnk_status flash_write(void *context, uint32_t offset, const uint8_t *bytes, uint32_t count) {
    flash *f = context;
    f->calls++;
    CHECK(count == f->block && offset % f->block == 0 && offset + (size_t)count <= f->room);
    CHECK(!f->written[offset / f->block]);
    if (f->calls == f->fail_at) {
        memcpy(f->bytes + offset, bytes, f->torn < count ? f->torn : count);
        return NNK_E_SINK;
    }
    if (offset == 0) {
        f->in_head = true;
        f->next = 0;
    } else if (f->next == 0) {
        f->next = head_of(f->block);
    }
    CHECK(offset == f->next && (!f->in_head || offset < head_of(f->block)));
    f->next = offset + count;
    f->written[offset / f->block] = true;
    memcpy(f->bytes + offset, bytes, count);
    return NNK_OK;
}

/// A device with a file that is written by blocks, and the memory that this takes, to the byte.
typedef struct disk {
    flash flash;
    nnk_block_writer writer;
} disk;

static void begin_disk(disk *d, uint32_t block, size_t room) {
    d->flash = new_flash(block, room);
    d->writer = (nnk_block_writer){.device = {flash_write, &d->flash},
                                   .block_bytes = block,
                                   .memory = room_for(NNK_BLOCK_WRITER_BYTES(block))};
}

static void end_disk(disk *d) {
    free(d->writer.memory);
    release(&d->flash);
}

static nnk_sink sink_to(disk *d) { return (nnk_sink){nnk_block_write, &d->writer}; }

/// The device has the file, and 0xff up to the end of its last block; all blocks behind are erased.
static void check_disk(const disk *d, const uint8_t *want, size_t size) {
    const flash *f = &d->flash;
    size_t other = 0, unwritten = 0;
    CHECK(memcmp(f->bytes, want, size) == 0);
    for (size_t i = size; i < f->room; i++) other += f->bytes[i] != 0xff;
    const size_t used = size > head_of(f->block) ? size : head_of(f->block);
    for (size_t i = 0; i < f->room / f->block; i++) unwritten += f->written[i] != (i * f->block < used);
    CHECK(other == 0 && unwritten == 0);
}

/// Nothing on the device is taken for a file of this size.
static void check_no_file(const disk *d, size_t size) {
    uint8_t *copy = copy_of(d->flash.bytes, size);
    CHECK(open_status(copy, size, &topology) < 0);
    free(copy);
}

static file trained(int32_t type, bool center) {
    data d = random_data(&topology, 10);
    nnk_job job = job_of(&topology, type == NNK_F32 ? &nnk_f32 : &nnk_f64, &d, 2);
    job.center = center;
    file f = train(&job);
    release_data(d);
    return f;
}

// ---- Models -----------------------------------------------------------------------------------------------

/// How a model gets to the device.
typedef nnk_status (*writing)(const nnk_model *m, nnk_sink sink);

static nnk_status quantize_in_steps(const nnk_model *m, nnk_sink sink) {
    nnk_steps steps = {0};
    nnk_status status;
    do status = nnk_model_quantize_step(m, sink, &steps);
    while (status > 0);
    return status;
}

/// The same, and what fails is tried again.
static nnk_status quantize_stubbornly(const nnk_model *m, nnk_sink sink) {
    nnk_steps steps = {0};
    nnk_status status;
    for (uint32_t failures = 0;;) {
        status = nnk_model_quantize_step(m, sink, &steps);
        if (status == NNK_E_SINK && ++failures < 3) continue;
        if (status <= 0) return status;
    }
}

static void check_writing(const nnk_model *m, writing write, bool goes_on) {
    file want = {.room = 1 << 16, .bytes = room_for(1 << 16)};
    CHECK_EQUAL(write(m, sink_of(&want)), NNK_OK);
    FOR_EACH_SIZE(block) {
        disk d;
        begin_disk(&d, block, want.size);
        CHECK_EQUAL(write(m, sink_to(&d)), NNK_OK);
        check_disk(&d, want.bytes, want.size);
        const uint32_t calls = d.flash.calls;
        end_disk(&d);
        // The power fails at one of the writes, or the write fails and is tried again.
        const uint32_t some = calls < 60 ? calls : 60;
        for (uint32_t i = 0; i < some; i++) {
            begin_disk(&d, block, want.size);
            d.flash.fail_at = i < 30 ? i + 1 : calls - (some - 1 - i);
            d.flash.torn = goes_on ? 0 : random_below(block + 1);
            const nnk_status status = write(m, sink_to(&d));
            CHECK_EQUAL(status, goes_on ? NNK_OK : NNK_E_SINK);
            if (goes_on)
                check_disk(&d, want.bytes, want.size);
            else if (memcmp(d.flash.bytes, want.bytes, want.size) != 0) // else the last write was not torn
                check_no_file(&d, want.size);
            end_disk(&d);
        }
    }
    free(want.bytes);
}

static void test_models(void) {
    FOR_EACH_TYPE(type) {
        for (int center = 0; center < 2; center++) { // without and with records
            file f = trained(type, center);
            const nnk_model m = opened(&f, &topology);
            check_writing(&m, nnk_model_write, false);
            check_writing(&m, nnk_model_quantize, false);
            check_writing(&m, quantize_in_steps, false);
            check_writing(&m, quantize_stubbornly, true);
            free(f.bytes);
        }
    }
}

// ---- Trainings and checkpoints ----------------------------------------------------------------------------

/// A training that is saved by blocks, resumed from the device, and finished by blocks.
static void test_training(void) {
    FOR_EACH_SIZE(block) {
        data set = random_data(&topology, 10);
        nnk_job job = job_of(&topology, &nnk_f32, &set, 4);
        job.method = &nnk_dual;
        const size_t bytes = nnk_train_bytes(&job), saved = nnk_checkpoint_bytes(&job);
        uint8_t *arena = room_for(bytes);
        disk d, model;
        begin_disk(&d, block, saved);
        CHECK_EQUAL(nnk_train_begin(&job, arena, bytes), NNK_OK);
        for (int i = 0; i < 9; i++) CHECK(nnk_train_step(&job, arena) > 0);
        nnk_checkpoint saving = {0, 0}, loading = {0, 0};
        nnk_status status;
        d.flash.fail_at = 3; // tried again
        do status = nnk_checkpoint_save(&job, arena, &saving, sink_to(&d));
        while (status > 0 || (status == NNK_E_SINK && d.flash.calls < 1000000));
        CHECK_EQUAL(status, NNK_OK);
        memset(arena, 0, bytes);
        on_card card = {.bytes = d.flash.bytes, .size = d.flash.room};
        while ((status = nnk_checkpoint_load(&job, arena, bytes, &loading, reader_of(&card))) > 0) {
        }
        CHECK_EQUAL(status, NNK_OK);
        CHECK_EQUAL(steps(&job, arena), NNK_OK);
        file want = train(&job);
        begin_disk(&model, block, want.size);
        while ((status = nnk_train_finish(&job, arena, sink_to(&model))) > 0) {
        }
        CHECK_EQUAL(status, NNK_OK);
        check_disk(&model, want.bytes, want.size);
        // What is behind the file's end does not matter to a reader.
        nnk_model m;
        card = (on_card){.bytes = model.flash.bytes, .size = model.flash.room};
        CHECK_EQUAL(read_model(&m, &card, &topology), NNK_OK);
        end_disk(&d);
        end_disk(&model);
        free(arena);
        free(want.bytes);
        release_data(set);
    }
}

/// Any bytes in any pieces, also fewer than the first blocks have room for.
static void test_pieces(void) {
    FOR_EACH_SIZE(block) {
        for (uint32_t round = 0; round < 40; round++) {
            const uint32_t size = 65 + random_below(round < 20 ? 200 : 3000);
            uint8_t *bytes = random_bytes(size);
            disk d;
            begin_disk(&d, block, size);
            d.flash.fail_at = 1 + random_below(4);
            for (bool failed = true; failed;) { // from the beginning once more
                failed = false;
                for (uint32_t at = 64; at < size && !failed;) {
                    uint32_t count = 1 + random_below(700);
                    if (count > size - at) count = size - at;
                    uint8_t *piece = copy_of(bytes + at, count);
                    failed = nnk_block_write(&d.writer, at, piece, count) != NNK_OK;
                    CHECK(!failed || d.flash.calls == d.flash.fail_at);
                    free(piece);
                    at += count;
                }
                if (!failed) failed = nnk_block_write(&d.writer, 0, bytes, 64) != NNK_OK;
                CHECK(!failed || d.flash.calls == d.flash.fail_at);
            }
            check_disk(&d, bytes, size);
            free(bytes);
            end_disk(&d);
        }
    }
}

static void test_misuse(void) {
    disk d;
    uint8_t bytes[200] = {0};
    begin_disk(&d, 8, 1000);
    CHECK_EQUAL(nnk_block_write(&d.writer, 0, bytes, 64), NNK_E_ARGUMENT); // no payload yet
    CHECK_EQUAL(nnk_block_write(&d.writer, 64, bytes, 0), NNK_OK);
    CHECK_EQUAL(nnk_block_write(&d.writer, 0, bytes, 64), NNK_E_ARGUMENT); // nor now
    CHECK_EQUAL(nnk_block_write(&d.writer, 100, bytes, 4), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_block_write(&d.writer, 64, bytes, 4), NNK_OK);
    CHECK_EQUAL(nnk_block_write(&d.writer, 69, bytes, 4), NNK_E_ARGUMENT); // a gap
    CHECK_EQUAL(nnk_block_write(&d.writer, 63, bytes, 4), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_block_write(&d.writer, 68, bytes, 20), NNK_OK);
    CHECK_EQUAL(nnk_block_write(&d.writer, 66, bytes, 4), NNK_OK); // once more; nothing happens
    CHECK_EQUAL(nnk_block_write(&d.writer, 0, bytes, 63), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_block_write(NULL, 64, bytes, 4), NNK_E_ARGUMENT);
    CHECK_EQUAL(nnk_block_write(&d.writer, 88, NULL, 4), NNK_E_ARGUMENT);
    nnk_block_writer wrong = d.writer;
    wrong.block_bytes = 0;
    CHECK_EQUAL(nnk_block_write(&wrong, 64, bytes, 4), NNK_E_ARGUMENT);
    wrong = d.writer;
    wrong.memory = NULL;
    CHECK_EQUAL(nnk_block_write(&wrong, 64, bytes, 4), NNK_E_ARGUMENT);
    wrong = d.writer;
    wrong.device.write = NULL;
    CHECK_EQUAL(nnk_block_write(&wrong, 64, bytes, 4), NNK_E_ARGUMENT);
    CHECK_EQUAL(d.flash.calls, 3); // 24 bytes
    CHECK_EQUAL(nnk_block_write(&d.writer, 0, bytes, 64), NNK_OK);
    end_disk(&d);
    CHECK_EQUAL(NNK_BLOCK_WRITER_BYTES(8), 72);
    CHECK_EQUAL(NNK_BLOCK_WRITER_BYTES(512), 1024);
    CHECK_EQUAL(NNK_BLOCK_WRITER_BYTES(100), 200);
}

int main(void) {
    test_misuse();
    test_pieces();
    test_models();
    test_training();
    return check_end();
}
