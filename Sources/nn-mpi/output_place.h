/// Where a path leads, for what is written there. It is found out once: from then on, what happens to links
/// and folders on the way changes nothing.
#ifndef OUTPUT_PLACE_H
#define OUTPUT_PLACE_H

#include <stdbool.h>
#include <sys/stat.h>

typedef struct output_place {
    int stream;     ///< a file that this process has open, such as its standard output; or -1, and:
    int folder;     ///< the folder, which is held open
    char name[256]; ///< in the folder
} output_place;

enum { FOUND_BYTES = 4200 }; ///< room for what was found, with a path in it

/// Finds the place. Links are followed, but not those of a stranger.
/// Returns false if there is none that can be written to, and says what was found.
bool output_place_find(output_place *p, const char *path, char found[FOUND_BYTES]);

/// Whether another user has put this into the place's folder, where everybody may.
bool output_place_is_of_stranger(const output_place *p, const struct stat *there);

void output_place_close(output_place *p);

#endif
