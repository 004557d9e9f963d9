/// The model that nn-cli has with it.
#include <stdint.h>

/// Where the bytes of its file begin, aligned to 8 bytes.
const uint8_t *nn_built_in_model_start(void);
extern const uint32_t nn_built_in_model_bytes;
