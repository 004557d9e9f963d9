#include "power.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MOST_BLOCKS = 160, MOST_WRITES = 400, UNIT = 8, SECONDS = 20 };

/// A card: the blocks that were written. All others are zeros.
typedef struct card {
    uint64_t hash; ///< the sum of hash_of over the blocks
    uint32_t used;
    uint32_t number[MOST_BLOCKS];
    uint8_t bytes[MOST_BLOCKS][CARD_BLOCK];
} card;

typedef struct block_write {
    promise before; ///< what was safe when it began
    uint32_t block;
    uint8_t bytes[CARD_BLOCK];
} block_write;

/// A start of the firmware, in memory that it shares with this process.
typedef struct start {
    card card;
    promise found, now;
    uint32_t writes;
    block_write log[MOST_WRITES];
    char why[200]; ///< it failed; empty: it did not
    bool is_done;
} start;

static start *shared;
static card kept;

// ---- The card ---------------------------------------------------------------------------------------------

/// A hash of a block and its number; 0 if all is zero, as in a block that was never written.
static uint64_t hash_of(uint32_t block, const uint8_t bytes[CARD_BLOCK]) {
    uint64_t h = block * 0x9e3779b97f4a7c15, any = 0, words[CARD_BLOCK / 8];
    memcpy(words, bytes, CARD_BLOCK);
    for (uint32_t k = 0; k < CARD_BLOCK / 8; k++) {
        any |= words[k];
        h = (h ^ words[k]) * 0xbf58476d1ce4e5b9;
        h ^= h >> 31;
    }
    return any ? h : 0;
}

/// The place of a block, or the first place that is free.
static uint32_t place_of(const card *c, uint32_t block) {
    uint32_t i = 0;
    while (i < c->used && c->number[i] != block) i++;
    return i;
}

static void get(const card *c, uint32_t block, uint8_t bytes[CARD_BLOCK]) {
    const uint32_t i = place_of(c, block);
    if (i < c->used)
        memcpy(bytes, c->bytes[i], CARD_BLOCK);
    else
        memset(bytes, 0, CARD_BLOCK);
}

static void put(card *c, uint32_t block, const uint8_t bytes[CARD_BLOCK]) {
    const uint32_t i = place_of(c, block);
    if (i == MOST_BLOCKS) {
        fprintf(stderr, "power.c: MOST_BLOCKS is too small\n");
        exit(70);
    }
    if (i < c->used)
        c->hash -= hash_of(block, c->bytes[i]);
    else
        c->used++;
    c->number[i] = block;
    memcpy(c->bytes[i], bytes, CARD_BLOCK);
    c->hash += hash_of(block, bytes);
}

int32_t board_card_read(uint32_t block, uint8_t bytes[CARD_BLOCK]) {
    get(&shared->card, block, bytes);
    return 1;
}

int32_t board_card_write(uint32_t block, const uint8_t bytes[CARD_BLOCK]) {
    if (shared->writes == MOST_WRITES) failed("more writes than expected");
    block_write *w = &shared->log[shared->writes++];
    w->before = shared->now;
    w->block = block;
    memcpy(w->bytes, bytes, CARD_BLOCK);
    put(&shared->card, block, bytes);
    return 1;
}

void *shared_memory(size_t bytes) {
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) exit(71);
    return memory;
}

void put_block(uint32_t block, const uint8_t bytes[CARD_BLOCK]) {
    if (!shared) shared = shared_memory(sizeof *shared);
    put(&shared->card, block, bytes);
}

void keep_card(void) { kept = shared->card; }
void restore_card(void) { shared->card = kept; }

// ---- A start of the firmware ------------------------------------------------------------------------------

/// What a start has found was safe before its first write, too.
void found(promise p) {
    shared->found = shared->now = p;
    for (uint32_t i = 0; i < shared->writes; i++) shared->log[i].before = p;
}

void promised(promise p) { shared->now = p; }
promise last_promise(void) { return shared->now; }
uint32_t writes_so_far(void) { return shared->writes; }

void done(void) {
    shared->is_done = true;
    _exit(0);
}

void failed(const char *why) {
    snprintf(shared->why, sizeof shared->why, "%s", why);
    _exit(1);
}

/// Returns NULL, or what went wrong.
static const char *run(const program *p) {
    int status;
    shared->writes = 0;
    shared->found = shared->now = (promise){0, 0};
    shared->why[0] = 0;
    shared->is_done = false;
    const pid_t child = fork();
    if (child < 0) {
        perror("fork");
        exit(71);
    }
    if (child == 0) {
        alarm(SECONDS);
        p->run();
        failed("the firmware returned");
    }
    if (waitpid(child, &status, 0) != child) exit(71);
    if (shared->is_done && status == 0) return NULL;
    if (!shared->why[0])
        snprintf(shared->why, sizeof shared->why, WIFSIGNALED(status) ? "signal %d" : "exit code %d",
                 WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    return shared->why;
}

void run_undisturbed(const program *p) {
    const char *why = run(p);
    if (!why) return;
    printf("%s: without a loss of power: %s\n", p->name, why);
    exit(1);
}

// ---- Losses of power --------------------------------------------------------------------------------------

/// What a loss leaves of a write. TORN: so many eighths of the block are new, from its beginning or at its
/// end.
enum {
    DROPPED,
    TORN,                // 1 ... 7 eighths
    TORN_END = TORN + 7, // 1 ... 7 eighths
    GARBAGE = TORN_END + 7,
    HALF_GARBAGE,
    UNIT_GARBAGE, // also in the blocks behind it in its unit of 4 KB, which the card programs at once
    UNIT_ERASED,
    LATE, // the next write is there, and this one is not
    KINDS
};
static const bool in_quick_pairs[KINDS] = {[TORN + 3] = true, [LATE] = true};

static void describe(uint32_t kind, char text[60]) {
    static const char *const names[] = {"garbage", "garbage in its second half",
                                        "garbage to the end of its 4 KB", "erased to the end of its 4 KB",
                                        "missing although the next one is there"};
    if (kind == DROPPED)
        snprintf(text, 60, "dropped");
    else if (kind < TORN_END)
        snprintf(text, 60, "torn: the first %u bytes are new", (kind - TORN + 1) * 64);
    else if (kind < GARBAGE)
        snprintf(text, 60, "torn: the last %u bytes are new", (kind - TORN_END + 1) * 64);
    else
        snprintf(text, 60, "%s", names[kind - GARBAGE]);
}

static void fill(uint8_t *bytes, uint32_t count, uint32_t seed) {
    for (uint32_t i = 0; i < count; i++) bytes[i] = (uint8_t)((seed = seed * 1664525 + 1013904223) >> 24);
}

/// Does to a card that has all writes before `w` what a loss at `w` does.
///   left: how many there are from `w` on
static void lose(card *c, const block_write *w, uint32_t left, uint32_t kind) {
    uint8_t bytes[CARD_BLOCK];
    if (kind == LATE && left > 1) put(c, w[1].block, w[1].bytes);
    if (kind == DROPPED || kind == LATE) return;
    get(c, w->block, bytes);
    if (kind < TORN_END) {
        memcpy(bytes, w->bytes, (kind - TORN + 1) * 64);
    } else if (kind < GARBAGE) {
        const uint32_t from = CARD_BLOCK - (kind - TORN_END + 1) * 64;
        memcpy(bytes + from, w->bytes + from, CARD_BLOCK - from);
    } else if (kind == HALF_GARBAGE) {
        memcpy(bytes, w->bytes, CARD_BLOCK / 2);
        fill(bytes + CARD_BLOCK / 2, CARD_BLOCK / 2, w->block);
    } else if (kind == UNIT_ERASED) {
        memset(bytes, 0xff, CARD_BLOCK);
    } else {
        fill(bytes, CARD_BLOCK, w->block);
    }
    put(c, w->block, bytes);
    if (kind == UNIT_GARBAGE || kind == UNIT_ERASED)
        for (uint32_t block = w->block + 1; block % UNIT != 0; block++) put(c, block, bytes);
}

// ---- All of them ------------------------------------------------------------------------------------------

/// The points of a chain of losses: write and kind of each.
typedef struct chain {
    uint32_t losses;
    uint32_t write[2], kind[2];
} chain;

/// Cards that a start was tried with, by their hash: the firmware does the same each time.
typedef struct tried {
    uint64_t hash;
    promise found;
} tried;
enum { TRIED = 1 << 22 };
static tried *table;
static unsigned long points, starts;

static tried *entry_of(uint64_t hash) {
    uint64_t at = hash % TRIED;
    while (table[at].hash && table[at].hash != hash) at = (at + 1) % TRIED;
    return &table[at];
}

static void report(const program *p, const chain *c, const char *why) {
    char text[60];
    printf("%s: %s\n", p->name, why);
    for (uint32_t i = 0; i < c->losses; i++) {
        describe(c->kind[i], text);
        printf("  loss %u: write %u is %s\n", i + 1, c->write[i], text);
    }
    printf("  once more: %s", p->name);
    for (uint32_t i = 0; i < c->losses; i++) printf(" %u.%u", c->write[i], c->kind[i]);
    printf("\n");
}

/// Starts the firmware after the losses of `c`. `before` and `after`: what was safe before the last loss, and
/// what would have been after it.
static bool try_start(const program *p, const card *state, const chain *c, promise before, promise after) {
    tried *t = entry_of(state->hash);
    points++;
    if (!t->hash) {
        shared->card = *state;
        const char *why = run(p);
        starts++;
        if (why) {
            report(p, c, why);
            return false;
        }
        *t = (tried){state->hash, shared->found};
    }
    if (p->may_find(t->found, before, after)) return true;
    char why[160];
    snprintf(why, sizeof why, "started at %u with model %08x; before the loss: %u, %08x, after it: %u, %08x",
             t->found.at, t->found.model, before.at, before.model, after.at, after.model);
    report(p, c, why);
    return false;
}

/// What would have been safe after write `n`: the promise that comes next, part by part.
static promise promise_after(const block_write *log, uint32_t writes, uint32_t n, promise last) {
    const promise now = log[n].before;
    promise after = now;
    for (uint32_t i = n + 1; i <= writes; i++) {
        const promise next = i < writes ? log[i].before : last;
        if (after.at == now.at) after.at = next.at;
        if (after.model == now.model) after.model = next.model;
    }
    return after;
}

/// Loses the power at each write of a start with the card `state`; if `more`, then once more. Returns false
/// at the first failure. `only`: at this point alone.
static bool lose_everywhere(const program *p, const card *state, chain c, bool is_full, const chain *only) {
    const uint32_t depth = c.losses++, most = only ? only->losses : 2;
    shared->card = *state;
    const char *why = run(p);
    if (why) {
        report(p, &c, why);
        return false;
    }
    const uint32_t writes = shared->writes;
    const promise last = shared->now;
    block_write *log = malloc(writes * sizeof *log);
    if (!log) exit(71);
    memcpy(log, shared->log, writes * sizeof *log);
    card now = *state;
    bool is_right = true;
    for (uint32_t n = 0; n < writes && is_right; n++) {
        for (uint32_t kind = 0; kind < KINDS && is_right; kind++) {
            if (only ? n != only->write[depth] || kind != only->kind[depth]
                     : depth > 0 && !is_full && !in_quick_pairs[kind])
                continue;
            card lost = now;
            lose(&lost, &log[n], writes - n, kind);
            c.write[depth] = n;
            c.kind[depth] = kind;
            if (!only || c.losses == most)
                is_right = try_start(p, &lost, &c, log[n].before, promise_after(log, writes, n, last));
            if (is_right && c.losses < most && (only || is_full || in_quick_pairs[kind]))
                is_right = lose_everywhere(p, &lost, c, is_full, only);
        }
        put(&now, log[n].block, log[n].bytes);
    }
    free(log);
    return is_right;
}

int lose_power(const program *p, int argc, char **argv) {
    chain only = {0}, none = {0};
    const bool is_full = argc == 2 && strcmp(argv[1], "full") == 0,
               is_quick = argc == 2 && strcmp(argv[1], "quick") == 0;
    for (int i = 1; i < argc && i <= 2 && !is_full && !is_quick; i++)
        if (sscanf(argv[i], "%u.%u", &only.write[i - 1], &only.kind[i - 1]) == 2 && only.kind[i - 1] < KINDS)
            only.losses++;
    if (!is_full && !is_quick && (only.losses == 0 || (int)only.losses != argc - 1)) {
        fprintf(stderr, "usage: %s quick | full | WRITE.KIND [WRITE.KIND]\n", p->name);
        return 64;
    }
    table = calloc(TRIED, sizeof *table);
    if (!table) return 71;
    const card state = shared->card;
    const bool is_right = lose_everywhere(p, &state, none, is_full, only.losses ? &only : NULL);
    if (is_right)
        printf("%lu points: power lost at %s, and at pairs of them; %lu different cards\n", points, p->what,
               starts);
    return !is_right;
}
