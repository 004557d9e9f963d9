/// The model that ships with nn-cli.
#include <stdint.h>

/// The bytes of its file, aligned to 8 bytes.
const uint8_t *nn_built_in_model_start(void);
extern const uint32_t nn_built_in_model_bytes;
