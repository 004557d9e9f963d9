/// Training on several threads, which the caller makes. The result is the same, to the bit.
///
///     nnk_team team = {.threads = 2};
///     // on one thread:                            // on the others, each with a scratch of its own:
///     nnk_team_run(&team, &job, arena, 1000);      while (nnk_team_help(&team, scratch) > 0) {}
///     ...
///     nnk_team_dismiss(&team);
///
/// Helpers take their share of the work as soon as they are there: none is waited for that has not begun, so
/// a thread that comes late, or never, costs nothing but its help. All round and treat subnormal numbers as
/// the thread of nnk_train_begin did.
///
/// The loop of a small dual job, with iterations of microseconds, is for two threads in step. That does not
/// pay where they are two of one core, or wait for processors that do something else; with a `clock`, the
/// team finds out, and goes on without help for a while.
#ifndef NNKERNEL_TEAM_H
#define NNKERNEL_TEAM_H

#include "nnkernel/train.h"

#ifdef __cplusplus
extern "C" {
#endif

/// All zeros but `threads` and, if there is one, `clock`; the rest is the team's own. Atomics, each in a line
/// of the cache.
typedef struct nnk_team {
    uint32_t threads;        ///< that share the work, 1 or more
    uint32_t over;           ///< dismissed
    uint64_t (*clock)(void); ///< any that runs steadily, or NULL
    uint64_t alone;          ///< time of an iteration without help, about
    uint32_t stalls;         ///< how often help in the loop has not paid
    uint32_t rest;           ///< iterations without it for now
    void *offer;             ///< what is to be done, for those who have claimed a share
    uint8_t line_0[64];
    uint32_t left; ///< shares that nobody has claimed
    uint8_t line_1[64];
    uint32_t done; ///< shares that helpers have done
    uint8_t line_2[64];
} nnk_team;

/// nnk_train_run, with help: slices that are independent of each other are shared, and all of a share's count
/// as one of `slices`; of a small dual job's loop, an iteration counts as one, and so do up to 256 in step.
/// Images that a callback reads are read by this thread alone, and work on them is not shared. Helpers work
/// only while this runs. Ends early also where nnk_team_shares changes.
nnk_status nnk_team_run(nnk_team *team, const nnk_job *job, void *arena, uint32_t slices);

/// Takes shares as they come. NNK_MORE after a while without any, for the thread to let others run; NNK_OK
/// once the team is dismissed.
/// scratch: nnk_train_scratch_bytes of the job, aligned to 8 bytes
nnk_status nnk_team_help(nnk_team *team, void *scratch);

/// How many helpers nnk_team_run has work for in what comes next; more would only keep processors busy.
uint32_t nnk_team_shares(const nnk_team *team, const nnk_job *job, const void *arena);

/// Sends the helpers home: nnk_team_help returns NNK_OK from now on.
void nnk_team_dismiss(nnk_team *team);

#ifdef __cplusplus
}
#endif

#endif
