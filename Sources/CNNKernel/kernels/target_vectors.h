/// The target: vectors that every processor of a family has (SSE2, NEON). No compiler options.
#define NNK_REGISTER_BYTES 16
#define NNK_TILE_ROWS      2
#define NNK_TILE_COLUMNS   4
#define NNK_PART_UNITS     10
