#define _GNU_SOURCE // realpath, openat, flock, getentropy
#include "output_file.h"

#include "console.h"
#include "ranks.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static const char expected_output[] = "a file to write";

// ---- Errors -----------------------------------------------------------------------------------------------

__attribute__((format(printf, 4, 5))) static bool refuse(file_error *error, int exit_code, const char *path,
                                                         const char *format, ...) {
    char reason[800];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reason, sizeof reason, format, arguments);
    va_end(arguments);
    error->exit_code = exit_code;
    snprintf(error->text, sizeof error->text, "%s: %s", strcmp(path, "-") == 0 ? "stdout" : path, reason);
    return false;
}

static bool refuse_output(file_error *error, const output_file *f, const char *found) {
    return refuse(error, EXIT_IO, f->path, "%s; expected %s", found, expected_output);
}

static bool fail_output(file_error *error, const output_file *f) {
    return refuse_output(error, f, errno == ENOENT ? "no such file" : strerror(errno));
}

// ---- Places -----------------------------------------------------------------------------------------------

enum { PATH_BYTES = 4096, MOST_LINKS = 40 };

/// Splits a path into its folder and the name in it.
static const char *split(const char *path, char folder[PATH_BYTES]) {
    const char *slash = strrchr(path, '/');
    const size_t length = !slash ? 1 : slash == path ? 1 : (size_t)(slash - path);
    snprintf(folder, PATH_BYTES, "%.*s", (int)length, slash ? path : ".");
    return slash ? slash + 1 : path;
}

/// Joins a folder and the path from there. Returns false if both together are too long.
static bool join(const char *folder, const char *rest, char path[PATH_BYTES]) {
    const char *before = *rest == '/' ? "" : folder,
               *between = *before && strcmp(before, "/") != 0 ? "/" : "";
    return snprintf(path, PATH_BYTES, "%s%s%s", before, between, rest) < PATH_BYTES;
}

/// Replaces a path that is a link by the one to which it leads.
static bool follow(char path[PATH_BYTES]) {
    char link[PATH_BYTES], folder[PATH_BYTES];
    const ssize_t length = readlink(path, link, sizeof link - 1);
    if (length < 0) return false;
    link[length] = '\0';
    split(path, folder);
    return join(folder, link, path);
}

/// Where a path leads, also if no file is there yet. Returns false if its folder is not there.
static bool find_target(const char *path, char target[PATH_BYTES]) {
    char there[PATH_BYTES], folder[PATH_BYTES], resolved[PATH_BYTES];
    if (!join("", path, there)) return false;
    for (int links = 0; links < MOST_LINKS; links++) {
        if (realpath(there, target)) return true;
        if (follow(there)) continue;
        const char *name = split(there, folder);
        return realpath(folder, resolved) && join(resolved, name, target);
    }
    errno = ELOOP;
    return false;
}

bool output_is_same(const char *a, const char *b) {
    char target_a[PATH_BYTES], target_b[PATH_BYTES];
    if (strcmp(a, b) == 0) return true;
    return find_target(a, target_a) && find_target(b, target_b) && strcmp(target_a, target_b) == 0;
}

/// Looks at what is at the place. Anything but a file must stay as it is.
static bool look(const output_file *f, bool *is_there, struct stat *there, file_error *error) {
    *is_there = fstatat(f->folder, f->name, there, AT_SYMLINK_NOFOLLOW) == 0;
    if (!*is_there) return errno == ENOENT || fail_output(error, f);
    if (S_ISDIR(there->st_mode)) return refuse_output(error, f, "a folder");
    if (S_ISLNK(there->st_mode)) return refuse_output(error, f, "a link that came meanwhile");
    return faccessat(f->folder, f->name, W_OK, 0) == 0 || fail_output(error, f);
}

// ---- Files that are not complete --------------------------------------------------------------------------

typedef struct temporary {
    int file;
    char name[300];
} temporary;

static bool create(const output_file *f, temporary *t) {
    uint64_t number;
    if (getentropy(&number, sizeof number) != 0) return false;
    snprintf(t->name, sizeof t->name, ".%.200s.%016" PRIx64 ".part", f->name, number);
    t->file = openat(f->folder, t->name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    return t->file >= 0;
}

static bool discard(const output_file *f, const temporary *t) {
    const int reason = errno;
    if (t->file >= 0) close(t->file);
    unlinkat(f->folder, t->name, 0);
    errno = reason;
    return false;
}

static bool write_whole(int file, const void *bytes, size_t count) {
    enum { PART = 1 << 24 };
    for (size_t done = 0; done < count;) {
        const size_t left = count - done;
        const ssize_t part = write(file, (const char *)bytes + done, left < PART ? left : PART);
        if (part < 0 && errno != EINTR) return false;
        if (part > 0) done += (size_t)part;
        ranks_poll();
    }
    return true;
}

/// Waits until what was written is on the disk. Some file systems have nothing to do.
static bool is_synced(int file) { return fsync(file) == 0 || errno == EINVAL; }

/// Writes all bytes to a new file beside the target, with the mode of the one that it replaces.
static bool write_temporary(const output_file *f, temporary *t, const struct stat *old, const void *bytes,
                            size_t count) {
    if (!create(f, t)) return false;
    if (old && fchmod(t->file, old->st_mode & 0777) != 0) return discard(f, t);
    return (write_whole(t->file, bytes, count) && is_synced(t->file)) || discard(f, t);
}

// ---- Writing ----------------------------------------------------------------------------------------------

/// Opens the folder to which the path leads. Returns its descriptor; less than 0: it cannot be opened.
static int open_folder(output_file *f, file_error *error) {
    char target[PATH_BYTES], folder[PATH_BYTES];
    if (!find_target(f->path, target)) {
        if (errno != ENOENT) return fail_output(error, f), -1;
        split(f->path, folder);
        refuse(error, EXIT_IO, f->path, "no folder %s; expected %s", folder, expected_output);
        return -1;
    }
    const char *name = split(target, folder);
    if (strlen(name) >= sizeof f->name) return errno = ENAMETOOLONG, fail_output(error, f), -1;
    snprintf(f->name, sizeof f->name, "%.255s", name);
    const int opened = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (opened < 0) fail_output(error, f);
    return opened;
}

bool output_open(output_file *f, const char *path, file_error *error) {
    *f = (output_file){.path = path, .folder = -1, .lock = -1};
    if (strcmp(path, "-") == 0) return true;
    struct stat there;
    if (stat(path, &there) == 0 && !S_ISREG(there.st_mode) && !S_ISDIR(there.st_mode)) return true;
    const size_t length = strlen(path);
    if (length == 0) return refuse_output(error, f, "no name");
    if (path[length - 1] == '/') return refuse_output(error, f, "a folder");
    bool is_there;
    temporary t;
    f->folder = open_folder(f, error);
    if (f->folder < 0 || !look(f, &is_there, &there, error)) return false;
    if (!create(f, &t)) return fail_output(error, f);
    discard(f, &t);
    return true;
}

/// Writes to the standard output or to a device as it is.
static bool write_stream(const output_file *f, const void *bytes, size_t count, file_error *error) {
    const bool is_standard = strcmp(f->path, "-") == 0;
    const int file = is_standard ? STDOUT_FILENO : open(f->path, O_WRONLY | O_CLOEXEC);
    if (is_standard) fflush(stdout);
    const bool is_done = file >= 0 && write_whole(file, bytes, count);
    if (!is_done) fail_output(error, f);
    if (file >= 0 && !is_standard) close(file);
    return is_done;
}

bool output_write(output_file *f, const void *bytes, size_t count, file_error *error) {
    bool is_there;
    struct stat there;
    temporary t;
    if (f->folder < 0) return write_stream(f, bytes, count, error);
    if (!look(f, &is_there, &there, error)) return false;
    if (!write_temporary(f, &t, is_there ? &there : NULL, bytes, count)) return fail_output(error, f);
    close(t.file);
    t.file = -1;
    if (renameat(f->folder, t.name, f->folder, f->name) != 0) {
        discard(f, &t);
        return fail_output(error, f);
    }
    return is_synced(f->folder) || fail_output(error, f);
}

// ---- Files that one run has to itself ---------------------------------------------------------------------

static bool is_locked_file(const output_file *f, const struct stat *there) {
    struct stat own;
    return f->lock >= 0 && fstat(f->lock, &own) == 0 && own.st_dev == there->st_dev &&
           own.st_ino == there->st_ino;
}

bool output_lock(output_file *f, file_error *error) {
    f->lock = f->folder < 0 ? -1 : openat(f->folder, f->name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (f->lock < 0)
        return refuse(error, EXIT_MISSING, f->path, "%s; expected a checkpoint",
                      f->folder < 0     ? "a pipe or a device"
                      : errno == ENOENT ? "no such file"
                                        : strerror(errno));
    if (flock(f->lock, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK) return true;
    error->exit_code = EXIT_USAGE;
    snprintf(error->text, sizeof error->text,
             "--checkpoint: expected a file of this run alone, got %.800s, which another run uses", f->path);
    return false;
}

bool output_read_locked(const output_file *f, size_t most, memory_file *to, file_error *error) {
    struct stat there;
    if (fstat(f->lock, &there) != 0) return fail_output(error, f);
    *to = memory_file_of((size_t)there.st_size < most ? (size_t)there.st_size : most);
    while (to->count < to->capacity) {
        const ssize_t part =
            pread(f->lock, to->bytes + to->count, to->capacity - to->count, (off_t)to->count);
        if (part == 0) break;
        if (part < 0 && errno != EINTR) {
            free(to->bytes);
            return refuse(error, EXIT_IO, f->path, "%s; expected a checkpoint", strerror(errno));
        }
        if (part > 0) to->count += (size_t)part;
        ranks_poll();
    }
    return true;
}

/// Gives the new file its name, unless another file than the locked one is there: also one that came while
/// the new file was written.
static bool place(const output_file *f, const temporary *t) {
    struct stat there;
    if (fstatat(f->folder, f->name, &there, AT_SYMLINK_NOFOLLOW) == 0) {
        if (!is_locked_file(f, &there)) return errno = EEXIST, false;
        return renameat(f->folder, t->name, f->folder, f->name) == 0;
    }
    if (linkat(f->folder, t->name, f->folder, f->name, 0) == 0) return unlinkat(f->folder, t->name, 0) == 0;
    if (errno == EEXIST) return false;
    return renameat(f->folder, t->name, f->folder, f->name) == 0; // a file system without hard links
}

bool output_write_locked(output_file *f, const void *bytes, size_t count, file_error *error) {
    bool is_there;
    struct stat there;
    temporary t;
    if (f->folder < 0) return refuse_output(error, f, "a pipe or a device");
    if (!look(f, &is_there, &there, error)) return false;
    if (!write_temporary(f, &t, is_there ? &there : NULL, bytes, count)) return fail_output(error, f);
    const int lock = openat(f->folder, t.name, O_RDONLY | O_CLOEXEC);
    if (lock >= 0) flock(lock, LOCK_EX | LOCK_NB);
    if (lock < 0 || !place(f, &t)) {
        const int reason = errno;
        if (lock >= 0) close(lock);
        errno = reason;
        discard(f, &t);
        if (errno != EEXIST) return fail_output(error, f);
        return refuse(error, EXIT_IO, f->path,
                      "another file in its place; expected the checkpoint of this run");
    }
    close(t.file);
    if (f->lock >= 0) close(f->lock);
    f->lock = lock;
    return is_synced(f->folder) || fail_output(error, f);
}

void output_remove_locked(output_file *f) {
    struct stat there;
    if (f->lock < 0) return;
    if (fstatat(f->folder, f->name, &there, AT_SYMLINK_NOFOLLOW) == 0 && is_locked_file(f, &there))
        unlinkat(f->folder, f->name, 0);
    close(f->lock);
    f->lock = -1;
}
