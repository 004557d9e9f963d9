/// The data set of a run, on all ranks. What is wrong with it ends the run, before any training.
#ifndef DATA_H
#define DATA_H

#include "dataset.h"
#include "memory.h"

/// Opens the set on all ranks, which must find the same one, of images of 64 x 64 RGB pixels.
void data_open(dataset *set, const char *folder);

/// The images of examples [first, first + count), for free(), checked as by dataset_read: whole shards.
uint8_t *data_read(const dataset *set, uint32_t first, uint32_t count);

/// The same, where the ranks, one after another, have all images: so that these are checked by what each rank
/// has read, as hosts may see other files under the same path.
uint8_t *data_read_part(const dataset *set, uint32_t first, uint32_t count);

#endif
