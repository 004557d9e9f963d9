/// The 64 bytes at the start of a model.
#ifndef NNK_HEADER_H
#define NNK_HEADER_H

#include "nnkernel/model.h"

/// Writes `model`'s header; parameters are not looked at.
void nnk_header_write(uint8_t header[NNK_HEADER_BYTES], const nnk_model *model, uint32_t payload_crc);

#endif
