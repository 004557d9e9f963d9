#include "store.h"
#include "camera.h"
#include "console.h"
#include <string.h>

enum { IMAGE_BYTES = NNK_INPUTS(DEEP), IMAGE_BLOCKS = IMAGE_BYTES / CARD_BLOCK, NOWHERE = -1 };
_Static_assert(IMAGE_BYTES % CARD_BLOCK == 0, "an image is a whole number of blocks");
enum { MAGIC = 0x31474f4c }; // "LOG1"
enum { RECORD = 1, FORGET = 2, RELABEL = 3, MODEL = 4 };

/// An entry of the log: the start of its block. The rest of the block is zeros. Boards are little-endian.
typedef struct entry {
    uint32_t magic;
    uint32_t number; ///< in the log
    uint32_t kind;
    uint32_t place; ///< of the image or the model
    uint32_t value; ///< label; with MODEL: checksum of the settings
    uint32_t crc;   ///< of the image, or of the model's payload
    uint32_t check; ///< CRC-32 of all before
} entry;

static uint32_t entries, examples;
static uint8_t labels[IMAGES];
static uint16_t places[IMAGES]; // of the images
static store_model newest[2];   // by place; `crc` and `settings` of the last entry of each
static uint32_t model_entry[2]; // its number + 1; 0: there is none
static uint32_t last_change;    // number + 1 of the last entry that is not of a model

static uint8_t held[CARD_BLOCK]; // the last block read
static uint32_t held_block = (uint32_t)NOWHERE;
static uint8_t draft[CARD_BLOCK]; // of the image that is being written, or an entry
static uint32_t image_at, image_crc;

// ---- Blocks -----------------------------------------------------------------------------------------------

bool store_read(uint32_t at, uint32_t count, uint8_t *out) {
    while (count > 0) {
        const uint32_t block = at / CARD_BLOCK, from = at % CARD_BLOCK;
        const uint32_t some = count < CARD_BLOCK - from ? count : CARD_BLOCK - from;
        if (block != held_block) {
            held_block = (uint32_t)NOWHERE;
            if (!board_card_read(block, held)) return false;
            held_block = block;
        }
        memcpy(out, held + from, some);
        at += some;
        out += some;
        count -= some;
    }
    return true;
}

bool store_write(uint32_t block, const uint8_t bytes[CARD_BLOCK]) {
    if (block == held_block) held_block = (uint32_t)NOWHERE;
    return board_card_write(block, bytes);
}

// ---- Examples ---------------------------------------------------------------------------------------------

uint32_t store_examples(void) { return examples; }
const uint8_t *store_labels(void) { return labels; }

static uint32_t image_first(uint32_t place) { return (STORE_IMAGES + place * IMAGE_BLOCKS) * CARD_BLOCK; }

nnk_status store_image(void *context, uint32_t example, uint32_t offset, uint32_t count, uint8_t *out) {
    (void)context;
    return store_read(image_first(places[example]) + offset, count, out) ? NNK_OK : NNK_E_SOURCE;
}

/// The example whose image is in that place; `examples` if there is none.
static uint32_t example_in(uint32_t place) {
    uint32_t j = 0;
    while (j < examples && places[j] != place) j++;
    return j;
}

static void take_out(uint32_t example) {
    if (example >= examples) return;
    examples--;
    for (uint32_t j = example; j < examples; j++) {
        labels[j] = labels[j + 1];
        places[j] = places[j + 1];
    }
}

// ---- The log ----------------------------------------------------------------------------------------------

static uint32_t check_of(const entry *e) {
    return nnk_crc32(0, (const uint8_t *)e, sizeof *e - sizeof e->check);
}

/// Does what an entry says to the tables. false: there are more examples than the tables hold.
static bool apply(const entry *e) {
    const uint32_t example = example_in(e->place);
    if (e->kind == MODEL) {
        newest[e->place & 1] = (store_model){e->place & 1, e->crc, e->value, false};
        model_entry[e->place & 1] = e->number + 1;
        return true;
    }
    last_change = e->number + 1;
    if (e->kind == RELABEL && example < examples) labels[example] = e->value & 1;
    if (e->kind == FORGET || e->kind == RECORD) take_out(example);
    if (e->kind != RECORD) return true;
    if (examples == IMAGES) return false;
    labels[examples] = e->value & 1;
    places[examples++] = (uint16_t)e->place;
    return true;
}

/// 1: read and whole; 0: not an entry; less than 0: the card cannot be read.
static int32_t read_entry(uint32_t number, entry *e) {
    if (!store_read((STORE_LOG + number) * CARD_BLOCK, sizeof *e, (uint8_t *)e)) return -1;
    return e->magic == MAGIC && e->number == number && e->check == check_of(e);
}

static void say_damaged(uint32_t number) {
    print("card: entry ");
    print_number(number);
    print(" of the log is damaged, and left out\n");
}

static bool append(uint32_t kind, uint32_t place, uint32_t value, uint32_t crc) {
    entry e = {MAGIC, entries, kind, place, value, crc, 0};
    e.check = check_of(&e);
    memset(draft, 0, sizeof draft);
    memcpy(draft, &e, sizeof e);
    if (entries == STORE_ENTRIES || !store_write(STORE_LOG + entries, draft)) return false;
    entries++;
    return apply(&e);
}

/// The checksum of an image as its newest entry says it. Returns false on failure.
static bool recorded_crc(uint32_t place, uint32_t *crc) {
    for (uint32_t number = entries; number-- > 0;) {
        entry e;
        const int32_t found = read_entry(number, &e);
        board_watchdog();
        *crc = e.crc;
        if (found < 0 || (found > 0 && e.kind == RECORD && e.place == place)) return found > 0;
    }
    return false;
}

static bool crc_on_card(uint32_t place, uint32_t *crc) {
    uint8_t bytes[64];
    *crc = 0;
    for (uint32_t at = 0; at < IMAGE_BYTES; at += sizeof bytes) {
        if (!store_read(image_first(place) + at, sizeof bytes, bytes)) return false;
        *crc = nnk_crc32(*crc, bytes, sizeof bytes);
    }
    return true;
}

/// A card that stores blocks in another order may have the last example's entry before its image, or the next
/// image in its place before the entry that forgets it. It is forgotten then. Returns NULL, or what is wrong.
static const char *check_last_image(void) {
    uint32_t recorded, there;
    if (examples == 0) return NULL;
    const uint32_t place = places[examples - 1];
    if (!recorded_crc(place, &recorded) || !crc_on_card(place, &there)) return "cannot be read";
    if (recorded == there) return NULL;
    print("card: the last example's image is damaged; the example is left out\n");
    return append(FORGET, place, 0, 0) ? NULL : "cannot be written";
}

/// An entry that is not whole is the end of the log, and the next one is written over it; unless it was
/// damaged later, and another one follows.
const char *store_open(void) {
    while (entries < STORE_ENTRIES) {
        entry e;
        int32_t found = read_entry(entries, &e);
        if (found == 0) {
            found = entries + 1 < STORE_ENTRIES ? read_entry(entries + 1, &e) : 0;
            if (found == 0) break;
            if (found > 0) say_damaged(entries++);
        }
        if (found < 0) return "cannot be read";
        if (!apply(&e)) return "it has more examples than this board has room for";
        entries++;
        board_watchdog();
    }
    return check_last_image();
}

const char *store_is_full(void) {
    if (examples == IMAGES) return "as many examples as this board has room for";
    return entries == STORE_ENTRIES ? "the card is full" : NULL;
}

/// The image goes to the first place that no example has.
void store_begin_image(void) {
    uint32_t place = 0;
    while (example_in(place) < examples) place++;
    image_at = image_first(place);
    image_crc = 0;
}

bool store_row(const uint8_t *bytes, uint32_t count) {
    image_crc = nnk_crc32(image_crc, bytes, count);
    while (count > 0) {
        const uint32_t to = image_at % CARD_BLOCK, room = CARD_BLOCK - to, some = count < room ? count : room;
        memcpy(draft + to, bytes, some);
        if (some == room && !store_write(image_at / CARD_BLOCK, draft)) return false;
        image_at += some;
        bytes += some;
        count -= some;
    }
    return true;
}

bool store_record(uint32_t label) {
    const uint32_t place = (image_at / CARD_BLOCK - STORE_IMAGES) / IMAGE_BLOCKS - 1;
    return append(RECORD, place, label, image_crc);
}

bool store_undo(void) { return examples > 0 && append(FORGET, places[examples - 1], 0, 0); }

bool store_relabel(uint32_t label) { return examples > 0 && append(RELABEL, places[examples - 1], label, 0); }

// ---- Models -----------------------------------------------------------------------------------------------

uint32_t store_models(store_model models[2]) {
    uint32_t count = 0;
    const uint32_t newer = model_entry[1] > model_entry[0];
    for (uint32_t i = 0; i < 2; i++) {
        const uint32_t place = i == 0 ? newer : 1 - newer;
        if (model_entry[place] == 0) continue;
        models[count] = newest[place];
        models[count++].is_newest = i == 0 && model_entry[place] > last_change;
    }
    return count;
}

bool store_switch(uint32_t place, uint32_t crc, uint32_t settings) {
    return append(MODEL, place, settings, crc);
}
