#include "freestanding.h"
#include "nnkernel/model.h"
#include "vector_arithmetic.h"

// CRC-32 of the reflected polynomial 0xedb88320 (model.h).

#if NNK_X86
#define CRC32 nnk_crc32_by_bytes

enum {
    WORTH_ASKING = 1 << 14
}; ///< bytes from which on the processor is asked; under a hypervisor it takes 1 us

uint32_t nnk_crc32(uint32_t crc, const uint8_t *bytes, size_t count) {
    if (count >= WORTH_ASKING && nnk_x86_vectors()) return nnk_crc32_by_products(crc, bytes, count);
    return nnk_crc32_by_bytes(crc, bytes, count);
}
#else
#define CRC32 nnk_crc32
#endif

#if defined(__x86_64__) || defined(__aarch64__)
// Eight bytes at a time. table[t][i] is the checksum of byte i followed by t zero bytes. The checksum is
// linear over XOR, so this is the XOR of the checksums of the bits of i.
#define SUM(i, b0, b1, b2, b3, b4, b5, b6, b7)                                                               \
    ((((i)&1) * b0##u) ^ (((i) >> 1 & 1) * b1##u) ^ (((i) >> 2 & 1) * b2##u) ^ (((i) >> 3 & 1) * b3##u) ^    \
     (((i) >> 4 & 1) * b4##u) ^ (((i) >> 5 & 1) * b5##u) ^ (((i) >> 6 & 1) * b6##u) ^                        \
     (((i) >> 7 & 1) * b7##u))
#define SUMS_4(i, ...)                                                                                       \
    SUM(i, __VA_ARGS__), SUM(i + 1, __VA_ARGS__), SUM(i + 2, __VA_ARGS__), SUM(i + 3, __VA_ARGS__)
#define SUMS_16(i, ...)                                                                                      \
    SUMS_4(i, __VA_ARGS__), SUMS_4(i + 4, __VA_ARGS__), SUMS_4(i + 8, __VA_ARGS__),                          \
        SUMS_4(i + 12, __VA_ARGS__)
#define SUMS_64(i, ...)                                                                                      \
    SUMS_16(i, __VA_ARGS__), SUMS_16(i + 16, __VA_ARGS__), SUMS_16(i + 32, __VA_ARGS__),                     \
        SUMS_16(i + 48, __VA_ARGS__)
#define SUMS(...)                                                                                            \
    {                                                                                                        \
        SUMS_64(0, __VA_ARGS__), SUMS_64(64, __VA_ARGS__), SUMS_64(128, __VA_ARGS__),                        \
            SUMS_64(192, __VA_ARGS__)                                                                        \
    }

static const uint32_t table[8][256] = {
    SUMS(0x77073096, 0xee0e612c, 0x076dc419, 0x0edb8832, 0x1db71064, 0x3b6e20c8, 0x76dc4190, 0xedb88320),
    SUMS(0x191b3141, 0x32366282, 0x646cc504, 0xc8d98a08, 0x4ac21251, 0x958424a2, 0xf0794f05, 0x3b83984b),
    SUMS(0x01c26a37, 0x0384d46e, 0x0709a8dc, 0x0e1351b8, 0x1c26a370, 0x384d46e0, 0x709a8dc0, 0xe1351b80),
    SUMS(0xb8bc6765, 0xaa09c88b, 0x8f629757, 0xc5b428ef, 0x5019579f, 0xa032af3e, 0x9b14583d, 0xed59b63b),
    SUMS(0x3d6029b0, 0x7ac05360, 0xf580a6c0, 0x30704bc1, 0x60e09782, 0xc1c12f04, 0x58f35849, 0xb1e6b092),
    SUMS(0xcb5cd3a5, 0x4dc8a10b, 0x9b914216, 0xec53826d, 0x03d6029b, 0x07ac0536, 0x0f580a6c, 0x1eb014d8),
    SUMS(0xa6770bb4, 0x979f1129, 0xf44f2413, 0x33ef4e67, 0x67de9cce, 0xcfbd399c, 0x440b7579, 0x8816eaf2),
    SUMS(0xccaa009e, 0x4225077d, 0x844a0efa, 0xd3e51bb5, 0x7cbb312b, 0xf9766256, 0x299dc2ed, 0x533b85da),
};

uint32_t CRC32(uint32_t crc, const uint8_t *bytes, size_t count) {
    crc = ~crc;
    for (; count >= 8; count -= 8, bytes += 8) {
        uint64_t x;
        memcpy(&x, bytes, sizeof x); // little-endian on both processors
        x ^= crc;
        crc = table[7][x & 255] ^ table[6][x >> 8 & 255] ^ table[5][x >> 16 & 255] ^ table[4][x >> 24 & 255] ^
              table[3][x >> 32 & 255] ^ table[2][x >> 40 & 255] ^ table[1][x >> 48 & 255] ^ table[0][x >> 56];
    }
    for (; count > 0; count--) crc = crc >> 8 ^ table[0][(crc ^ *bytes++) & 255];
    return ~crc;
}
#else
// Four bits at a time. Entry i is the checksum of the four bits of i.
static const uint32_t table[16] = {
    0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
    0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
};

uint32_t CRC32(uint32_t crc, const uint8_t *bytes, size_t count) {
    crc = ~crc;
    for (size_t i = 0; i < count; i++) {
        crc ^= bytes[i];
        crc = crc >> 4 ^ table[crc & 15];
        crc = crc >> 4 ^ table[crc & 15];
    }
    return ~crc;
}
#endif

// A CRC is a polynomial modulo the one above, its highest power in the lowest bit. Zero bytes behind a
// multiply it by a power of x.

static uint32_t product(uint32_t a, uint32_t b) {
    uint32_t p = 0;
    for (uint32_t bit = 1u << 31; bit != 0; bit >>= 1) {
        if (a & bit) p ^= b;
        b = b >> 1 ^ ((0u - (b & 1)) & 0xedb88320u);
    }
    return p;
}

uint32_t nnk_crc32_joined(uint32_t crc_a, uint32_t crc_b, uint64_t count) {
    uint32_t power = 1u << 23; // x^8
    for (; count > 0; count >>= 1) {
        if (count & 1) crc_a = product(crc_a, power);
        power = product(power, power);
    }
    return crc_a ^ crc_b;
}
