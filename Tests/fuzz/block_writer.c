/// Files of any size in any pieces, to a device of any blocks that fails at times: the device has the file,
/// each block written once and in its order.
#include "fuzz.h"

enum { MOST_BLOCK = 96, MOST_FILE = 2048, UNWRITTEN = 0x5a };

typedef struct device {
    uint8_t bytes[MOST_FILE + 2 * MOST_BLOCK];
    uint32_t block_bytes, calls, fail_every;
    uint32_t end;   ///< of the blocks behind the first ones
    uint32_t first; ///< bytes of the first blocks that are written
    uint32_t head;  ///< bytes of the first blocks
} device;

static nnk_status write_block(void *context, uint32_t offset, const uint8_t *bytes, uint32_t count) {
    device *d = context;
    REQUIRE(count == d->block_bytes && offset % count == 0 && offset + count <= sizeof d->bytes);
    REQUIRE(offset == (offset < d->head ? d->first : d->end));
    if (d->fail_every > 0 && ++d->calls % d->fail_every == 0) return NNK_E_SINK;
    memcpy(d->bytes + offset, bytes, count);
    *(offset < d->head ? &d->first : &d->end) += count;
    return NNK_OK;
}

/// Writes a piece until the device takes it, as the core does; in between come calls that do not fit.
static void write_piece(nnk_block_writer *w, uint32_t at, const uint8_t *bytes, uint32_t count,
                        uint32_t off) {
    nnk_status status;
    do {
        if (off > 0) REQUIRE(nnk_block_write(w, at + off + count, bytes, count) == NNK_E_ARGUMENT);
        status = nnk_block_write(w, at, bytes, count);
        REQUIRE(status == NNK_OK || status == NNK_E_SINK);
    } while (status != NNK_OK);
}

static void check_device(const device *d, const uint8_t *file, uint32_t size) {
    REQUIRE(memcmp(d->bytes, file, size) == 0);
    const uint32_t blocks = (size + d->block_bytes - 1) / d->block_bytes * d->block_bytes;
    const uint32_t end = blocks > d->head ? blocks : d->head;
    REQUIRE(d->first == d->head && d->end == end);
    for (uint32_t i = size; i < sizeof d->bytes; i++) REQUIRE(d->bytes[i] == (i < end ? 0xff : UNWRITTEN));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count) {
    input in = {bytes, count};
    device d = {.block_bytes = take_below(&in, MOST_BLOCK) + 1};
    d.fail_every = take_below(&in, 8);
    if (d.fail_every == 1) d.fail_every = 0; // it would never end
    d.head = (NNK_HEADER_BYTES - 1 + d.block_bytes) / d.block_bytes * d.block_bytes;
    d.end = d.head;
    memset(d.bytes, UNWRITTEN, sizeof d.bytes);
    uint8_t file[MOST_FILE];
    for (uint32_t i = 0; i < sizeof file; i++) file[i] = (uint8_t)(i * 151 + 7);

    nnk_block_writer w = {.device = {write_block, &d}, .block_bytes = d.block_bytes};
    w.memory = room_for((size_t)NNK_BLOCK_WRITER_BYTES(d.block_bytes));
    uint32_t size = NNK_HEADER_BYTES;
    do {
        uint32_t piece = take_below(&in, 255) + 1;
        if (piece > MOST_FILE - size) piece = MOST_FILE - size;
        write_piece(&w, size, file + size, piece, take_below(&in, 4));
        size += piece;
    } while (in.count > 0 && size < MOST_FILE);
    write_piece(&w, 0, file, NNK_HEADER_BYTES, 0);
    check_device(&d, file, size);
    free(w.memory);
    return 0;
}
