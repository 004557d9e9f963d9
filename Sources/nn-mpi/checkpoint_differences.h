/// In which options the run of a checkpoint differs from another one.
#ifndef CHECKPOINT_DIFFERENCES_H
#define CHECKPOINT_DIFFERENCES_H

#include "nnkernel/nnkernel.h"

/// Writes "one with " and the options as on the command line: "--seed 2 (here 1)". Returns whether there are
/// any. data_crc: 0 if it is not known; weights_crc: 0 if the examples have no weights
bool checkpoint_differences(const nnk_job_numbers *theirs, uint32_t their_data_crc,
                            uint32_t their_weights_crc, const nnk_job *job, uint32_t data_crc, char *text,
                            size_t bytes);

#endif
