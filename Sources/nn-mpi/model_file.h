/// Models that are read.
#ifndef MODEL_FILE_H
#define MODEL_FILE_H

#include "options.h"

typedef struct model_file {
    void *bytes; ///< for free(); NULL: none
    nnk_model model;
} model_file;

/// Where the model goes: --output, or model.nnk.
const char *model_path(const options *o);

/// The model of --from on all ranks, which rank 0 reads. It fits the other options and the classes.
model_file model_to_start_from(const options *o, const char *const class_names[2]);

/// Ends the run, on rank 0, if model.nnk would be replaced although nobody named it, and it is no model of
/// the same data.
void model_check_replaced(const options *o, uint32_t data_crc);

#endif
