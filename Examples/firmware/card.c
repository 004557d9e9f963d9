#include "card.h"
#include <string.h>

enum { HEADER_AT = CARD_BLOCK - NNK_HEADER_BYTES, NONE = -1 };

/// The beginning of a file's first block, whose end is the header. Boards are little-endian.
typedef struct start {
    uint32_t serial;
    uint32_t
        check; ///< CRC-32 of the serial number and the header: a block that is half written has another one
} start;

static uint8_t held[CARD_BLOCK]; // the last block read
static uint32_t held_block = (uint32_t)NONE;
static uint8_t draft[CARD_BLOCK]; // the block being written

int32_t card_bytes(uint32_t at, uint32_t count, uint8_t *out) {
    while (count > 0) {
        const uint32_t block = at / CARD_BLOCK, from = at % CARD_BLOCK;
        const uint32_t some = count < CARD_BLOCK - from ? count : CARD_BLOCK - from;
        if (block != held_block) {
            held_block = (uint32_t)NONE;
            if (!board_card_read(block, held)) return 0;
            held_block = block;
        }
        memcpy(out, held + from, some);
        at += some;
        out += some;
        count -= some;
    }
    return 1;
}

static int32_t write_draft(uint32_t block) {
    held_block = (uint32_t)NONE;
    return board_card_write(block, draft);
}

static uint32_t little_endian(const uint8_t *b) {
    return b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

int32_t card_read_job(card_job *job) {
    static const char magic[] = "NNKCARD1";
    uint8_t b[44];
    if (!card_bytes(CARD_JOB * CARD_BLOCK, sizeof b, b) || memcmp(b, magic, sizeof magic - 1) != 0) return 0;
    job->examples = little_endian(b + 8);
    job->tests = little_endian(b + 12);
    job->iterations = little_endian(b + 16);
    job->cost_every = little_endian(b + 20);
    job->seed = little_endian(b + 24);
    job->checkpoint_every = little_endian(b + 28);
    memcpy(&job->learning_rate, b + 32, sizeof job->learning_rate); // boards are little-endian
    job->center = little_endian(b + 40) != 0;
    return card_bytes(CARD_JOB * CARD_BLOCK + 64, sizeof job->class_names, (uint8_t *)job->class_names);
}

nnk_status card_image(void *context, uint32_t example, uint32_t offset, uint32_t count, uint8_t *out) {
    (void)context;
    const uint32_t at = CARD_IMAGES * CARD_BLOCK + example * NNK_INPUTS(DEEP) + offset;
    return card_bytes(at, count, out) ? NNK_OK : NNK_E_SOURCE;
}

static uint32_t check_of(uint32_t serial, const uint8_t *header) {
    const uint32_t crc = nnk_crc32(0, (const uint8_t *)&serial, sizeof serial);
    return nnk_crc32(crc, header, NNK_HEADER_BYTES);
}

/// Writes the first block, with the header; it makes the file valid.
static int32_t store_header(const card_file *file, const uint8_t *header) {
    const start s = {file->serial, check_of(file->serial, header)};
    memset(draft, 0, sizeof draft);
    memcpy(draft, &s, sizeof s);
    memcpy(draft + HEADER_AT, header, NNK_HEADER_BYTES);
    return write_draft(file->first);
}

nnk_status card_file_write(void *context, uint32_t offset, const uint8_t *bytes, uint32_t count) {
    static const uint8_t no_header[NNK_HEADER_BYTES];
    static uint32_t drafted; // number of the payload's last block while it is not full, otherwise 0
    const card_file *file = context;
    if (offset == 0) {
        if (drafted && !write_draft(drafted)) return NNK_E_SINK;
        return store_header(file, bytes) ? NNK_OK : NNK_E_SINK;
    }
    if (offset == NNK_HEADER_BYTES && !store_header(file, no_header)) return NNK_E_SINK;
    uint32_t at = offset - NNK_HEADER_BYTES;
    while (count > 0) {
        const uint32_t to = at % CARD_BLOCK, room = CARD_BLOCK - to, some = count < room ? count : room;
        memcpy(draft + to, bytes, some);
        drafted = file->first + 1 + at / CARD_BLOCK;
        if (some == room) {
            if (!write_draft(drafted)) return NNK_E_SINK;
            drafted = 0;
        }
        at += some;
        bytes += some;
        count -= some;
    }
    return NNK_OK;
}

nnk_status card_file_read(void *context, uint32_t offset, uint32_t count, uint8_t *out) {
    const card_file *file = context;
    return card_bytes(file->first * CARD_BLOCK + HEADER_AT + offset, count, out) ? NNK_OK : NNK_E_SOURCE;
}

uint32_t card_file_serial(const card_file *file) {
    start s;
    uint8_t header[NNK_HEADER_BYTES];
    const bool is_read = card_bytes(file->first * CARD_BLOCK, sizeof s, (uint8_t *)&s) &&
                         card_bytes(file->first * CARD_BLOCK + HEADER_AT, sizeof header, header);
    return is_read && s.check == check_of(s.serial, header) ? s.serial : 0;
}
