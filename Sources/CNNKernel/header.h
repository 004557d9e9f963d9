/// The 64 bytes at the start of a model.
#ifndef NNK_HEADER_H
#define NNK_HEADER_H

#include "nnkernel/model.h"

enum { NNK_KIND_MODEL = 0, NNK_KIND_CHECKPOINT = 1 };

#pragma GCC visibility push(hidden) // not for users of a shared library

/// Bytes of the parameters and of the class names behind them.
uint32_t nnk_payload_bytes(const nnk_topology *topology, int32_t dtype);

/// Writes `model`'s header; its pointers into the payload are not looked at.
void nnk_header_write(uint8_t header[NNK_HEADER_BYTES], const nnk_model *model, uint32_t kind,
                      uint32_t payload_crc);

/// Whether it is a header of that kind: NNK_E_MAGIC, NNK_E_HEADER, NNK_E_VERSION, NNK_E_KIND.
nnk_status nnk_header_check(const uint8_t header[NNK_HEADER_BYTES], uint32_t kind);

/// The topology in a checked header; all zeros if it says more layers than there can be.
nnk_topology nnk_header_topology(const uint8_t header[NNK_HEADER_BYTES]);

/// The numbers of a checked header; its pointers are NULL.
nnk_model nnk_header_read(const uint8_t header[NNK_HEADER_BYTES]);

uint32_t nnk_header_payload_crc(const uint8_t header[NNK_HEADER_BYTES]);

#pragma GCC visibility pop

#endif
