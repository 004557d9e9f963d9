/// The 64 bytes at the start of a model.
#ifndef NNK_HEADER_H
#define NNK_HEADER_H

#include "nnkernel/model.h"

#pragma GCC visibility push(hidden) // not for users of a shared library

/// Bytes of the parameters and of the class names behind them.
uint32_t nnk_payload_bytes(const nnk_topology *topology, int32_t dtype);

/// Writes `model`'s header; its pointers into the payload are not looked at.
void nnk_header_write(uint8_t header[NNK_HEADER_BYTES], const nnk_model *model, uint32_t payload_crc);

#pragma GCC visibility pop

#endif
