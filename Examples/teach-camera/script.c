#include "script.h"
#include "camera.h"
#include "console.h"
#include "semihosting.h"

enum { CLOSE = 0x02 }; // one more request of semihosting.h
enum { BAD_SCRIPT = 65, NO_FILE = 66, WORD = 64, TENTH = 100000, NEVER = 0x7fffffff };

static intptr_t open_file(const char *name) {
    uintptr_t length = 0;
    while (name[length]) length++;
    return semihosting(OPEN, (const uintptr_t[]){(uintptr_t)name, OPEN_TO_READ, length});
}

/// Returns false if not all `count` bytes could be read.
static bool read_file(intptr_t file, void *bytes, uint32_t count) {
    return semihosting(READ, (const uintptr_t[]){(uintptr_t)file, (uintptr_t)bytes, count}) == 0;
}

// ---- Words ------------------------------------------------------------------------------------------------

static intptr_t text = -1; // script.txt
static uint32_t line = 1;
static char word[WORD];

_Noreturn static void fail(const char *expected) {
    print("script.txt, line ");
    print_number(line);
    print(": expected ");
    print(expected);
    print(", found \"");
    print(word);
    print("\"\n");
    board_end(BAD_SCRIPT);
}

/// Reads the next word of a file. Returns the byte behind it; 0 at the end of the file.
static char read_word(intptr_t file) {
    uint32_t length = 0;
    char byte;
    for (;;) {
        if (!read_file(file, &byte, 1)) byte = 0;
        if (byte == 0 || byte == '\n' || (byte == ' ' && length > 0)) break;
        if (byte != ' ' && length < WORD - 1) word[length++] = byte;
    }
    word[length] = 0;
    return byte;
}

static bool word_is(const char *expected) {
    const char *at = word;
    for (; *at && *at == *expected; at++) expected++;
    return *at == *expected;
}

/// The word as a number of microseconds.
static uint32_t seconds(void) {
    uint32_t digits = 0, unit = 1000000, points = 0;
    bool is_number = word[0];
    for (const char *at = word; *at && is_number; at++) {
        if (*at == '.' && points++ == 0) continue;
        is_number = *at >= '0' && *at <= '9' && unit > 1 && digits < 200000000;
        digits = digits * 10 + (uint32_t)(*at - '0');
        if (points) unit /= 10;
    }
    if (!is_number || digits >= 2000 * (1000000 / unit)) fail("seconds, below 2000, with up to 5 decimals");
    return digits * unit;
}

// ---- Camera -----------------------------------------------------------------------------------------------

static intptr_t picture = -1, coming = -1; // what the next frame shows, if it is another picture
static uint32_t picture_width, picture_height;

static void see(void) {
    if (coming >= 0) semihosting(CLOSE, (const uintptr_t[]){(uintptr_t)coming});
    coming = open_file(word);
    if (coming < 0) fail("a file that exists");
}

static uint32_t picture_number(void) {
    uint32_t n = 0;
    read_word(picture);
    for (const char *at = word; *at; at++) n = n * 10 + (uint32_t)(*at - '0');
    return n;
}

/// Reads the header of a PPM, "P6 240 240 255" and one white space each: the pixels come next.
static void open_picture(void) {
    semihosting(SEEK, (const uintptr_t[]){(uintptr_t)picture, 0});
    read_word(picture);
    if (!word_is("P6")) fail("a binary PPM");
    picture_width = picture_number();
    picture_height = picture_number();
    if (picture_number() != 255) fail("a PPM with 8 bits");
}

bool board_frame(uint32_t *width, uint32_t *height) {
    if (coming >= 0) {
        if (picture >= 0) semihosting(CLOSE, (const uintptr_t[]){(uintptr_t)picture});
        picture = coming;
        coming = -1;
    }
    if (picture < 0) return false;
    open_picture();
    *width = picture_width;
    *height = picture_height;
    return true;
}

bool board_frame_row(uint8_t *row) { return read_file(picture, row, 3 * picture_width); }

// ---- Power ------------------------------------------------------------------------------------------------

static uint32_t writes_left; // until power fails; 0: it does not

int32_t __real_board_card_write(uint32_t block, const uint8_t bytes[CARD_BLOCK]);
int32_t __wrap_board_card_write(uint32_t block, const uint8_t bytes[CARD_BLOCK]);

/// Takes the place of board_card_write (the Makefile asks the linker for it). A block that was being written
/// when power failed holds nothing of use.
int32_t __wrap_board_card_write(uint32_t block, const uint8_t bytes[CARD_BLOCK]) {
    static const uint8_t nothing[CARD_BLOCK] = "power failed";
    if (writes_left == 0 || --writes_left > 0) return __real_board_card_write(block, bytes);
    __real_board_card_write(block, nothing);
    print("power cut\n");
    board_end(0);
}

// ---- Events -----------------------------------------------------------------------------------------------

static uint32_t next = NEVER;             // the time of the next event
static uint32_t down, down_until = NEVER; // the buttons

static void press(void) {
    down = 0;
    for (const char *at = word; *at; at++)
        if (*at == 'A')
            down |= BUTTON_A;
        else if (*at == 'B')
            down |= BUTTON_B;
        else
            fail("A, B or AB");
}

/// Does what the rest of a line says.
static void play_event(void) {
    read_word(text);
    if (word_is("frame")) {
        read_word(text);
        see();
    } else if (word_is("press")) {
        const bool has_time = read_word(text) == ' ';
        press();
        if (has_time) read_word(text);
        down_until = next + (has_time ? seconds() : TENTH);
    } else if (word_is("cut")) {
        read_word(text);
        writes_left = seconds() / 1000000;
    } else if (word_is("power")) {
        read_word(text);
        print("power off\n");
        board_end(0);
    } else {
        fail("frame, press, cut or power");
    }
}

/// Reads the time of the next event. Empty lines are none.
static void read_time(void) {
    while (read_word(text) && word[0] == 0) line++;
    if (word[0] == 0) fail("power off at the end");
    next = seconds();
}

uint32_t script_play(uint32_t now) {
    if (text < 0) {
        text = open_file("script.txt");
        if (text < 0) {
            print("script.txt: cannot be opened\n");
            board_end(NO_FILE);
        }
        read_time();
    }
    while (next <= now || down_until <= now) {
        if (down_until <= next) {
            down = 0;
            down_until = NEVER;
        } else {
            play_event();
            line++;
            read_time();
        }
    }
    return next < down_until ? next : down_until;
}

uint32_t board_buttons(void) {
    script_play(board_microseconds());
    return down;
}
