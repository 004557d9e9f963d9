#define _GNU_SOURCE // openat, flock, getentropy
#include "output_file.h"

#include "exit_codes.h"
#include "interrupt.h"
#include "ranks.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

// ---- Errors -----------------------------------------------------------------------------------------------

__attribute__((format(printf, 4, 5))) static bool refuse(file_error *error, int exit_code, const char *path,
                                                         const char *format, ...) {
    char reason[800];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reason, sizeof reason, format, arguments);
    va_end(arguments);
    error->exit_code = exit_code;
    const char *name = strcmp(path, "-") == 0 ? "stdout" : *path ? path : "\"\"";
    snprintf(error->text, sizeof error->text, "%s: %s", name, reason);
    return false;
}

static bool refuse_output(file_error *error, const output_file *f, const char *found) {
    return refuse(error, EXIT_IO, f->path, "%s; expected %s", found,
                  strcmp(f->path, "-") == 0 ? "an output to write" : "a file to write");
}

static bool fail_output(file_error *error, const output_file *f) {
    return refuse_output(error, f, errno == ENOENT ? "no such file" : strerror(errno));
}

// ---- Places -----------------------------------------------------------------------------------------------

bool output_is_same(const char *a, const char *b) {
    char found[FOUND_BYTES];
    struct stat x, y;
    output_place place_a, place_b;
    if (strcmp(a, b) == 0) return true;
    if (stat(a, &x) == 0 && stat(b, &y) == 0) return x.st_dev == y.st_dev && x.st_ino == y.st_ino;
    const bool finds_a = output_place_find(&place_a, a, found);
    const bool finds_b = output_place_find(&place_b, b, found);
    const bool is_same = finds_a && finds_b && strcmp(place_a.name, place_b.name) == 0 &&
                         fstat(place_a.folder, &x) == 0 && fstat(place_b.folder, &y) == 0 &&
                         x.st_dev == y.st_dev && x.st_ino == y.st_ino;
    output_place_close(&place_a);
    output_place_close(&place_b);
    return is_same;
}

bool output_is_stdout(const char *path) {
    struct stat there, standard;
    if (strcmp(path, "-") == 0) return true;
    // In /dev/null nothing comes between anything.
    return strcmp(path, "/dev/null") != 0 && stat(path, &there) == 0 &&
           fstat(STDOUT_FILENO, &standard) == 0 && there.st_dev == standard.st_dev &&
           there.st_ino == standard.st_ino;
}

/// Looks at what is at the place, which is replaced or, a pipe or a device, written to. Anything else must
/// stay as it is.
static bool look(const output_file *f, bool *is_there, struct stat *there, file_error *error) {
    const output_place *p = &f->place;
    *is_there = fstatat(p->folder, p->name, there, AT_SYMLINK_NOFOLLOW) == 0;
    if (!*is_there) return errno == ENOENT || fail_output(error, f);
    if (S_ISDIR(there->st_mode)) return refuse_output(error, f, "a folder");
    if (S_ISLNK(there->st_mode)) return refuse_output(error, f, "a link that came meanwhile");
    if (output_place_is_of_stranger(p, there))
        return refuse_output(error, f, "a file of another user in a folder that all may write to");
    return faccessat(p->folder, p->name, W_OK, AT_EACCESS) == 0 || fail_output(error, f);
}

static bool is_stream(bool is_there, const struct stat *there) {
    return is_there && !S_ISREG(there->st_mode);
}

// ---- Files that are not complete --------------------------------------------------------------------------

typedef struct temporary {
    int file;
    char name[300];
    mode_t mode; ///< of the complete file
} temporary;

/// Only its owner may read it until it is complete. Where files have no permissions, these stay as they are.
static bool create(const output_file *f, temporary *t) {
    uint64_t number;
    struct stat now;
    if (getentropy(&number, sizeof number) != 0) return false;
    snprintf(t->name, sizeof t->name, ".%.200s.%016" PRIx64 ".part", f->place.name, number);
    t->file = openat(f->place.folder, t->name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (t->file < 0) return false;
    t->mode = fstat(t->file, &now) == 0 ? now.st_mode & 0777 : 0600;
    if (t->mode != 0600) fchmod(t->file, 0600);
    return true;
}

/// The file is complete: it gets the permissions, the owner and the group of the one that it replaces. Only
/// root may give files away. A group that cannot be kept is not replaced by another that may do the same.
static bool complete(const temporary *t, const struct stat *old) {
    struct stat now;
    if (fstat(t->file, &now) != 0) return false;
    mode_t mode = old ? old->st_mode & 0777 : t->mode;
    const bool is_of_same = !old || (old->st_uid == now.st_uid && old->st_gid == now.st_gid);
    if (!is_of_same && fchown(t->file, old->st_uid, old->st_gid) != 0 &&
        fchown(t->file, (uid_t)-1, old->st_gid) != 0)
        mode &= ~(mode_t)S_IRWXG;
    return mode == (now.st_mode & 0777) || fchmod(t->file, mode) == 0;
}

static bool discard(const output_file *f, const temporary *t) {
    const int reason = errno;
    if (t->file >= 0) close(t->file);
    unlinkat(f->place.folder, t->name, 0);
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

/// The same for the names in the folder. One that may not be read cannot say so.
static bool is_folder_synced(const output_file *f) {
    const int folder = openat(f->place.folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const bool is_done = folder < 0 || is_synced(folder);
    const int reason = errno;
    if (folder >= 0) close(folder);
    errno = reason;
    return is_done;
}

/// Writes all bytes to a new file beside the target.
static bool write_temporary(const output_file *f, temporary *t, const struct stat *old, const void *bytes,
                            size_t count) {
    if (!create(f, t)) return false;
    return (write_whole(t->file, bytes, count) && complete(t, old) && is_synced(t->file)) || discard(f, t);
}

// ---- Streams ----------------------------------------------------------------------------------------------

/// Opens a pipe or a device. A pipe is waited for until it has a reader. Returns less than 0 if it has none.
static int open_stream(const output_file *f, const struct stat *there, file_error *error) {
    unsigned tenths = 0;
    while (true) {
        const int file =
            openat(f->place.folder, f->place.name, O_WRONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
        if (file >= 0) return file;
        if (errno != ENXIO || !S_ISFIFO(there->st_mode)) return fail_output(error, f), -1;
        poll(NULL, 0, 100);
        if (interrupt_waits_on(f->path, &tenths)) continue;
        refuse(error, EXIT_INTERRUPTED, f->path,
               "interrupted before it had a reader; expected a pipe to write to");
        return -1;
    }
}

/// Writes when there is room for a piece, so that this rank goes on to poll however long a reader takes.
static bool write_pieces(int file, const uint8_t *bytes, size_t count) {
    while (count > 0) {
        struct pollfd wish = {.fd = file, .events = POLLOUT};
        const bool has_room = poll(&wish, 1, 100) > 0;
        ranks_poll();
        if (!has_room) continue;
        const ssize_t part = write(file, bytes, count < PIPE_BUF ? count : PIPE_BUF);
        if (part < 0 && errno != EINTR && errno != EAGAIN) return false;
        if (part > 0) bytes += part, count -= (size_t)part;
    }
    return true;
}

static bool write_stream(const output_file *f, int file, const void *bytes, size_t count, file_error *error) {
    fflush(stdout);
    return write_pieces(file, bytes, count) || fail_output(error, f);
}

// ---- Writing ----------------------------------------------------------------------------------------------

bool output_open(output_file *f, const char *path, file_error *error) {
    const size_t length = strlen(path);
    char found[FOUND_BYTES];
    bool is_there;
    struct stat there;
    temporary t;
    *f = (output_file){.path = path, .place = {.stream = STDOUT_FILENO, .folder = -1}, .lock = -1};
    if (length == 0) return refuse_output(error, f, "no name");
    if (path[length - 1] == '/') return refuse_output(error, f, "a folder");
    if (strcmp(path, "-") != 0 && !output_place_find(&f->place, path, found))
        return refuse_output(error, f, found);
    if (f->place.stream >= 0) {
        const int flags = fcntl(f->place.stream, F_GETFL);
        if (flags >= 0 && (flags & O_ACCMODE) == O_RDONLY) errno = EBADF;
        return (flags >= 0 && (flags & O_ACCMODE) != O_RDONLY) || fail_output(error, f);
    }
    if (!look(f, &is_there, &there, error)) return false;
    if (is_stream(is_there, &there)) return true;
    if (!create(f, &t)) return fail_output(error, f);
    discard(f, &t);
    return true;
}

/// Writes the file, or replaces the old one.
static bool write_file(const output_file *f, const struct stat *old, const void *bytes, size_t count,
                       file_error *error) {
    temporary t;
    if (!write_temporary(f, &t, old, bytes, count)) return fail_output(error, f);
    close(t.file);
    t.file = -1;
    if (renameat(f->place.folder, t.name, f->place.folder, f->place.name) != 0) {
        discard(f, &t);
        return fail_output(error, f);
    }
    return is_folder_synced(f) || fail_output(error, f);
}

bool output_write(output_file *f, const void *bytes, size_t count, file_error *error) {
    bool is_there;
    struct stat there;
    if (f->place.stream >= 0) return write_stream(f, f->place.stream, bytes, count, error);
    if (!look(f, &is_there, &there, error)) return false;
    if (!is_stream(is_there, &there)) return write_file(f, is_there ? &there : NULL, bytes, count, error);
    const int file = open_stream(f, &there, error);
    if (file < 0) return false;
    const bool is_done = write_stream(f, file, bytes, count, error);
    close(file);
    return is_done;
}

// ---- Files that one run has to itself ---------------------------------------------------------------------

static bool is_locked_file(const output_file *f, const struct stat *there) {
    struct stat own;
    return f->lock >= 0 && fstat(f->lock, &own) == 0 && own.st_dev == there->st_dev &&
           own.st_ino == there->st_ino;
}

bool output_lock(output_file *f, file_error *error) {
    const output_place *p = &f->place;
    struct stat there;
    const bool is_file = p->stream < 0 && (fstatat(p->folder, p->name, &there, AT_SYMLINK_NOFOLLOW) != 0 ||
                                           S_ISREG(there.st_mode));
    if (is_file) f->lock = openat(p->folder, p->name, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
    if (f->lock < 0)
        return refuse(error, EXIT_MISSING, f->path, "%s; expected a checkpoint",
                      !is_file          ? "a pipe or a device"
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
    if (fstatat(f->place.folder, f->place.name, &there, AT_SYMLINK_NOFOLLOW) == 0) {
        if (!is_locked_file(f, &there)) return errno = EEXIST, false;
        return renameat(f->place.folder, t->name, f->place.folder, f->place.name) == 0;
    }
    if (linkat(f->place.folder, t->name, f->place.folder, f->place.name, 0) == 0)
        return unlinkat(f->place.folder, t->name, 0) == 0;
    if (errno == EEXIST) return false;
    return renameat(f->place.folder, t->name, f->place.folder, f->place.name) ==
           0; // a file system without hard links
}

bool output_write_locked(output_file *f, const void *bytes, size_t count, file_error *error) {
    bool is_there;
    struct stat there;
    temporary t;
    if (f->place.stream >= 0) return refuse_output(error, f, "a pipe or a device");
    if (!look(f, &is_there, &there, error)) return false;
    if (is_stream(is_there, &there)) return refuse_output(error, f, "a pipe or a device");
    if (!write_temporary(f, &t, is_there ? &there : NULL, bytes, count)) return fail_output(error, f);
    const int lock = openat(f->place.folder, t.name, O_RDONLY | O_CLOEXEC);
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
    return is_folder_synced(f) || fail_output(error, f);
}

void output_remove_locked(output_file *f) {
    struct stat there;
    if (f->lock < 0) return;
    if (fstatat(f->place.folder, f->place.name, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
        is_locked_file(f, &there))
        unlinkat(f->place.folder, f->place.name, 0);
    close(f->lock);
    f->lock = -1;
}
