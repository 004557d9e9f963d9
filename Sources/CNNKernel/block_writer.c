// Files for devices that take whole blocks.
#include "layout.h"
#include "nnkernel/model.h"

/// Bytes of the first blocks, which hold the header.
static uint32_t head_bytes(const nnk_block_writer *b) {
    const uint32_t size = b->block_bytes;
    return size < NNK_HEADER_BYTES ? (NNK_HEADER_BYTES - 1 + size) / size * size : size;
}

/// Writes the block at `at`.
static nnk_status write_block(nnk_block_writer *b, uint32_t at, const uint8_t *block) {
    return b->device.write(b->device.context, at, block, b->block_bytes) == NNK_OK ? NNK_OK : NNK_E_SINK;
}

/// Takes the next bytes of the payload. Those in the first blocks are kept until the end.
static nnk_status take(nnk_block_writer *b, const uint8_t *bytes, uint32_t count) {
    const uint32_t size = b->block_bytes, head = head_bytes(b);
    uint8_t *block = b->memory + head;
    while (count > 0) {
        const uint32_t at = b->position, in_block = at % size;
        const uint32_t some = nnk_smaller(count, at < head ? head - at : size - in_block);
        memcpy(at < head ? b->memory + at : block + in_block, bytes, some);
        if (at >= head && in_block + some == size && write_block(b, at - in_block, block) != NNK_OK)
            return NNK_E_SINK;
        b->position += some;
        bytes += some;
        count -= some;
    }
    return NNK_OK;
}

/// Writes the last block, then the first ones with the header.
static nnk_status end(nnk_block_writer *b, const uint8_t *header) {
    const uint32_t size = b->block_bytes, head = head_bytes(b),
                   in_block = b->position > head ? b->position % size : 0;
    uint8_t *block = b->memory + head;
    if (in_block > 0) {
        memset(block + in_block, 0xff, size - in_block);
        if (write_block(b, b->position - in_block, block) != NNK_OK) return NNK_E_SINK;
        b->position += size - in_block;
    }
    memcpy(b->memory, header, NNK_HEADER_BYTES);
    for (; b->first < head; b->first += size)
        if (write_block(b, b->first, b->memory + b->first) != NNK_OK) return NNK_E_SINK;
    return NNK_OK;
}

nnk_status nnk_block_write(void *writer, uint32_t offset, const uint8_t *bytes, uint32_t count) {
    nnk_block_writer *b = writer;
    if (!b || !b->device.write || b->block_bytes == 0 || !b->memory || !bytes) return NNK_E_ARGUMENT;
    if (offset == 0)
        return count == NNK_HEADER_BYTES && b->position > NNK_HEADER_BYTES ? end(b, bytes) : NNK_E_ARGUMENT;
    if (b->position == 0) {
        b->position = NNK_HEADER_BYTES;
        memset(b->memory, 0xff, head_bytes(b));
    }
    if (offset < NNK_HEADER_BYTES || offset > b->position) return NNK_E_ARGUMENT;
    const uint32_t taken = nnk_smaller(count, b->position - offset); // by a write that failed
    return take(b, bytes + taken, count - taken);
}
