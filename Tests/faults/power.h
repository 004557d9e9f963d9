/// A memory card whose power fails: each start of the firmware is a process of its own, which keeps a list of
/// its writes. The power is then lost at each of them in turn, in each of several ways, and the firmware
/// starts with what the card has then; also twice in a row.
#ifndef POWER_H
#define POWER_H

#include "board.h"

/// What the firmware has said to be safe, when a write begins; or what it has found at its start.
typedef struct promise {
    uint32_t at;    ///< how far the work is: slices of training, or changes of the examples
    uint32_t model; ///< checksum of the model in use; 0: none
} promise;

/// A firmware under test.
typedef struct program {
    const char *name;
    const char *what; ///< whose writes they are
    /// In a process of its own: starts the firmware and works until all is done. It calls `found` once,
    /// `promised` whenever more is safe, and ends with `done` or `failed`.
    void (*run)(void);
    /// Whether a start may find this, if the power was lost between two promises.
    bool (*may_find)(promise found, promise before, promise after);
} program;

void found(promise p);
void promised(promise p);
promise last_promise(void);
uint32_t writes_so_far(void);
_Noreturn void done(void);
_Noreturn void failed(const char *why);

/// Memory, all zeros, that every start shares with this process.
void *shared_memory(size_t bytes);

/// Puts bytes on the card before the first start.
void put_block(uint32_t block, const uint8_t bytes[CARD_BLOCK]);

/// Starts the firmware with the card as it is; the card is then as that has left it. Ends the program if it
/// fails.
void run_undisturbed(const program *p);

/// Makes the card as it was before the first start.
void keep_card(void);
void restore_card(void);

/// The arguments are `quick`, `full` or points, as a failure prints them. Returns the result of main.
int lose_power(const program *p, int argc, char **argv);

#endif
