/// Training on several threads, which the caller makes. The result is the same, to the bit.
///
///     nnk_team team = {.threads = 2};
///     // on one thread, the leader:                // on the others, each with a scratch of its own:
///     nnk_team_run(&team, &job, arena, 1000);      while (nnk_team_help(&team, scratch) > 0) {}
///     // ...
///     nnk_team_dismiss(&team);
///
/// Helpers take a share of the work as soon as they are there. The leader waits only for shares that a helper
/// has claimed, so a thread that comes late, or never, costs nothing but its help. All threads must round,
/// and treat subnormal numbers, as the thread that called nnk_train_begin.
///
/// Small dual jobs gain from help in the setup and when W1 is written out. Their iterations take
/// microseconds, less than threads need to hand work over, so the leader does them alone. To use all
/// processors with such jobs, train one network per thread.
///
/// Not in the library where the processor has no atomic exchange of 32 bits, as a Cortex-M0+ or RV32 without
/// the A extension.
#ifndef NNKERNEL_TEAM_H
#define NNKERNEL_TEAM_H

#include "nnkernel/train.h"

#ifdef __cplusplus
extern "C" {
#endif

/// All zeros, except for `threads` and `yield`, which the caller sets. The rest is the team's own: atomics,
/// each in a cache line.
typedef struct nnk_team {
    uint32_t threads; ///< that share the work, the leader included: 1 or more
    uint32_t over;    ///< 1 once the team is dismissed
    /// Called again and again while the leader waits for a helper; it should let that helper run. NULL: the
    /// leader spins. It is needed where the two may have to share a core and the scheduler does not take the
    /// core away from the leader: else the wait may never end. Where threads have equal priorities,
    /// sched_yield or taskYIELD is enough. If the helper has a lower fixed priority, it must be a short
    /// sleep, such as vTaskDelay(1), since yielding lets only equal or higher priorities run.
    void (*yield)(void);
    void *offer; ///< what is to be done, for those who have claimed a share
    uint8_t line_0[64];
    uint32_t left; ///< shares that nobody has claimed
    uint8_t line_1[64];
    uint32_t done; ///< shares that helpers have done
    uint8_t line_2[64];
} nnk_team;

/// As nnk_train_run, with help: slices that are independent of each other are shared, and all those that are
/// shared at once count as one of `slices`. Images that are read by a callback are read by this thread alone,
/// and work on them is not shared. Helpers work only while this function runs. It also ends early where the
/// result of nnk_team_shares changes.
nnk_status nnk_team_run(nnk_team *team, const nnk_job *job, void *arena, uint32_t slices);

/// Takes shares as they come. NNK_MORE after a while without any, so that the thread can let others run;
/// NNK_OK once the team is dismissed.
/// scratch: nnk_train_scratch_bytes of the job, aligned to 8 bytes
nnk_status nnk_team_help(nnk_team *team, void *scratch);

/// How many helpers nnk_team_run has work for in what comes next; more would only keep processors busy.
uint32_t nnk_team_shares(const nnk_team *team, const nnk_job *job, const void *arena);

/// Sends the helpers home: from now on nnk_team_help returns NNK_OK.
void nnk_team_dismiss(nnk_team *team);

#ifdef __cplusplus
}
#endif

#endif
