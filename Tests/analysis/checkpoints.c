// What is proved of reading the start of a checkpoint, whatever its bytes are: as models.c says of models.
#include "__fc_builtin.h"
#include "nnkernel/nnkernel.h"

static uint8_t start[NNK_CHECKPOINT_START_BYTES];

int main(void) {
    Frama_C_make_unknown((char *)start, sizeof start);
    nnk_job_numbers job;
    uint32_t data_crc;
    return nnk_checkpoint_peek(start, &job, &data_crc) == NNK_OK ? job.topology.size[job.topology.layers] : 0;
}
