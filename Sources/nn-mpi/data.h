/// The data set of a run, on all ranks. What is wrong with it ends the run, before any training.
#ifndef DATA_H
#define DATA_H

#include "dataset.h"
#include "memory.h"

/// Opens the set on all ranks, which must find the same one, of images of 64 x 64 RGB pixels. All bytes of
/// all shards are checked, each shard by one rank.
void data_open(dataset *set, const char *folder);

/// The images of examples [first, first + count), for free().
uint8_t *data_read(const dataset *set, uint32_t first, uint32_t count);

#endif
