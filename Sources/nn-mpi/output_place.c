#define _GNU_SOURCE // O_PATH, openat, readlinkat
#include "output_place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATH_BYTES = 4096, MOST_LINKS = 40 }; ///< as Linux follows

#ifdef O_PATH
enum { SEARCH = O_PATH | O_DIRECTORY | O_CLOEXEC }; ///< a folder that may be searched, but not read, will do
static const char folder_of_open_files[] = "/proc/self/fd";
#else
enum { SEARCH = O_RDONLY | O_DIRECTORY | O_CLOEXEC };
static const char folder_of_open_files[] = "/dev/fd";
#endif

// ---- Folders ----------------------------------------------------------------------------------------------

static bool enter(output_place *p, int folder) {
    if (folder < 0) return false;
    if (p->folder >= 0) close(p->folder);
    p->folder = folder;
    return true;
}

/// Enters the folder that a path starts from.
static bool enter_start(output_place *p, const char *path) {
    return enter(p, open(*path == '/' ? "/" : ".", SEARCH));
}

/// Whether the names in the folder are the numbers of the files that this process has open.
static bool is_of_open_files(const output_place *p) {
    struct stat own, this;
    return stat(folder_of_open_files, &own) == 0 && fstat(p->folder, &this) == 0 &&
           own.st_dev == this.st_dev && own.st_ino == this.st_ino;
}

bool output_place_is_of_stranger(const output_place *p, const struct stat *there) {
    struct stat shared;
    if (fstat(p->folder, &shared) != 0) return true;
    const bool is_for_all = (shared.st_mode & S_ISVTX) && (shared.st_mode & S_IWOTH);
    return is_for_all && there->st_uid != geteuid() && there->st_uid != shared.st_uid;
}

void output_place_close(output_place *p) {
    if (p->folder >= 0) close(p->folder);
    p->folder = -1;
}

// ---- Paths ------------------------------------------------------------------------------------------------

/// Moves the first name of a path to the place. Returns false if it is too long.
static bool take_name(output_place *p, char path[PATH_BYTES]) {
    const char *name = path + strspn(path, "/");
    const size_t length = strcspn(name, "/");
    const char *rest = name + length + strspn(name + length, "/");
    if (length >= sizeof p->name) return errno = ENAMETOOLONG, false;
    snprintf(p->name, sizeof p->name, "%.*s", length ? (int)length : 1, length ? name : ".");
    memmove(path, rest, strlen(rest) + 1);
    return true;
}

/// Goes where a link leads: its path comes before the rest of this one.
static bool follow(output_place *p, char path[PATH_BYTES]) {
    char rest[PATH_BYTES];
    memcpy(rest, path, strlen(path) + 1);
    const ssize_t length = readlinkat(p->folder, p->name, path, PATH_BYTES - 1);
    if (length < 0) return false;
    path[length] = '\0';
    if ((size_t)length + 1 + strlen(rest) >= PATH_BYTES) return errno = ENAMETOOLONG, false;
    path[length] = '/';
    memcpy(path + length + 1, rest, strlen(rest) + 1);
    return *path != '/' || enter_start(p, path);
}

static bool say(char found[FOUND_BYTES], const char *text) {
    snprintf(found, FOUND_BYTES, "%s", text);
    return false;
}

static bool say_stranger(const output_place *p, const char *path, char found[FOUND_BYTES]) {
    const char *slash = strrchr(path, '/'), *last = slash ? slash + 1 : path;
    const bool is_last = strcmp(last, p->name) == 0;
    snprintf(found, FOUND_BYTES, "%s%s of another user in a folder that all may write to",
             is_last ? "a link" : "the link ", is_last ? "" : p->name);
    return false;
}

/// Says why the path could not be followed.
static bool say_failure(const char *path, char found[FOUND_BYTES]) {
    if (errno != ENOENT) return say(found, strerror(errno));
    struct stat there;
    if (lstat(path, &there) == 0 && S_ISLNK(there.st_mode))
        return say(found, "a link to a file in no folder");
    const char *slash = strrchr(path, '/');
    const int length = !slash ? 1 : slash == path ? 1 : (int)(slash - path);
    snprintf(found, FOUND_BYTES, "no folder %.*s", length, slash ? path : ".");
    return false;
}

bool output_place_find(output_place *p, const char *path, char found[FOUND_BYTES]) {
    char left[PATH_BYTES]; // what is still to be followed
    struct stat there;
    *p = (output_place){.stream = -1, .folder = -1};
    if (snprintf(left, sizeof left, "%s", path) >= PATH_BYTES) return say(found, strerror(ENAMETOOLONG));
    if (!enter_start(p, path)) return say_failure(path, found);
    for (int links = 0;;) {
        if (!take_name(p, left)) return say_failure(path, found);
        const bool is_last = !*left;
        if (is_last && strspn(p->name, "0123456789") == strlen(p->name) && is_of_open_files(p)) {
            p->stream = (int)strtol(p->name, NULL, 10);
            return true;
        }
        const bool is_there = fstatat(p->folder, p->name, &there, AT_SYMLINK_NOFOLLOW) == 0;
        if (!is_there && errno != ENOENT) return say_failure(path, found);
        if (is_there && S_ISLNK(there.st_mode)) {
            if (output_place_is_of_stranger(p, &there)) return say_stranger(p, path, found);
            if (links++ == MOST_LINKS) return say(found, strerror(ELOOP));
            if (!follow(p, left)) return say_failure(path, found);
        } else if (is_last) {
            return !is_there || !S_ISDIR(there.st_mode) || say(found, "a folder");
        } else if (!enter(p, openat(p->folder, p->name, SEARCH | O_NOFOLLOW))) {
            return say_failure(path, found);
        }
    }
}
