/// Which method trains where --method says nothing: the one that nn-cli takes.
#ifndef METHOD_CHOICE_H
#define METHOD_CHOICE_H

#include "options.h"

/// nnk_dual_wide or nnk_primal, as --method says, or for auto the dual if it has fewer operations and takes
/// at most 1 GiB. The job has all but its method.
const nnk_method *method_choice(const options *o, const nnk_job *job);

/// Why the job has this method: "38 times fewer operations than primal".
const char *method_reason(const options *o, const nnk_job *job, char text[64]);

#endif
