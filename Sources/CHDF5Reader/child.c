// What the child does: it opens the file and answers requests. Nothing here is trusted by the parent, and
// nothing that libhdf5 does here can harm it.
#include "child.h"

#include "../CHDF5/shim.h" // hdf5.h, or a message that says what to install
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

// ---- Sending ------------------------------------------------------------------------------------

// The parent's end of the socket is closed when the parent is gone, or needs no more.
static void receive(int socket, void *bytes, size_t count) {
    for (size_t received = 0; received < count;) {
        const ssize_t part = read(socket, (char *)bytes + received, count - received);
        if (part == 0 || (part < 0 && errno != EINTR)) _exit(0);
        if (part > 0) received += (size_t)part;
    }
}

static void give(int socket, const void *bytes, size_t count) {
    for (size_t sent = 0; sent < count;) {
        const ssize_t part = write(socket, (const char *)bytes + sent, count - sent);
        if (part < 0 && errno != EINTR) _exit(0);
        if (part > 0) sent += (size_t)part;
    }
}

static void answer(int socket, const void *bytes, size_t count) {
    const nn_reader_answer head = {.status = NN_READER_OK, .bytes = count};
    give(socket, &head, sizeof head);
    give(socket, bytes, count);
}

static void refuse(int socket, int status) {
    const nn_reader_answer head = {.status = status};
    give(socket, &head, sizeof head);
}

// ---- Why a call of the library failed -----------------------------------------------------------

// Only the innermost record tells a failed read(2) from an address that makes no sense: the layers above
// report both as a read error.
static herr_t note_innermost(unsigned depth, const H5E_error2_t *record, void *status) {
    int *found = status;
    if (depth > 0) return 0;
    if (record->min_num == H5E_NOTHDF5) *found = NN_READER_NOT_HDF5;
    if (record->min_num == H5E_TRUNCATED) *found = NN_READER_TRUNCATED;
    if (record->desc != NULL && strstr(record->desc, "version number") != NULL) *found = NN_READER_NEWER;
    if (record->maj_num == H5E_IO && record->min_num == H5E_READERROR) *found = NN_READER_READ_FAILED;
    if (record->maj_num == H5E_RESOURCE) *found = NN_READER_NO_MEMORY;
    return 0;
}

// Ask this before any other call of the library, which would clear the record.
static int failure(void) {
    int status = NN_READER_DAMAGED;
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, note_innermost, &status);
    return status;
}

// ---- Names --------------------------------------------------------------------------------------

static int link_status(hid_t file, const char *name) {
    const htri_t is_there = H5Lexists(file, name, H5P_DEFAULT);
    if (is_there <= 0) return is_there < 0 ? failure() : NN_READER_NONE;
    H5L_info_t info;
    if (H5Lget_info(file, name, &info, H5P_DEFAULT) < 0) return failure();
    switch (info.type) {
    case H5L_TYPE_HARD: return NN_READER_OK;
    case H5L_TYPE_SOFT: return NN_READER_SOFT_LINK;
    case H5L_TYPE_EXTERNAL: return NN_READER_EXTERNAL_LINK;
    default: return NN_READER_OTHER_LINK;
    }
}

// Looks at each link of a path, as other kinds than hard links may lead to another file.
static int path_status(hid_t file, const char *path) {
    char part[NN_READER_NAME_BYTES + 1];
    for (size_t end = 0;; ++end) {
        if (path[end] != '\0' && path[end] != '/') continue;
        memcpy(part, path, end);
        part[end] = '\0';
        const int status = link_status(file, part);
        if (status != NN_READER_OK) return status;
        if (path[end] == '\0') return NN_READER_OK;
        const hid_t object = H5Oopen(file, part, H5P_DEFAULT);
        if (object < 0) return failure();
        const H5I_type_t kind = H5Iget_type(object);
        H5Idec_ref(object);
        if (kind != H5I_GROUP) return NN_READER_NONE; // nothing lies in an array
    }
}

static void list(int socket, hid_t file, const nn_reader_request *request) {
    const char *path = *request->name == '\0' ? "/" : request->name;
    const int status = *request->name == '\0' ? NN_READER_OK : path_status(file, path);
    if (status != NN_READER_OK) {
        refuse(socket, status);
        return;
    }
    const hid_t group = H5Gopen2(file, path, H5P_DEFAULT);
    H5G_info_t info;
    static char names[NN_READER_NAMES * (NN_READER_NAME_BYTES + 1)];
    if (group < 0 || H5Gget_info(group, &info) < 0) {
        refuse(socket, failure());
        return;
    }
    size_t bytes = 0;
    for (hsize_t index = 0; index < info.nlinks && index < NN_READER_NAMES; ++index) {
        const ssize_t length = H5Lget_name_by_idx(group, ".", H5_INDEX_NAME, H5_ITER_INC, index,
                                                  names + bytes, NN_READER_NAME_BYTES + 1, H5P_DEFAULT);
        if (length > 0 && length <= NN_READER_NAME_BYTES) bytes += (size_t)length + 1;
    }
    H5Idec_ref(group);
    answer(socket, names, bytes);
}

// ---- Arrays -------------------------------------------------------------------------------------

static int element_class(hid_t type) {
    switch (H5Tget_class(type)) {
    case H5T_INTEGER: return NN_READER_INTEGER;
    case H5T_FLOAT: return NN_READER_FLOAT;
    case H5T_ENUM: return NN_READER_ENUMERATION;
    case H5T_STRING:
        return H5Tis_variable_str(type) == 0 ? NN_READER_FIXED_STRING : NN_READER_VARIABLE_STRING;
    default: return NN_READER_OTHER;
    }
}

// How the array is stored.
static int describe_storage(hid_t creation, nn_reader_array *array) {
    const H5D_layout_t layout = H5Pget_layout(creation);
    if (layout < 0) return failure();
    if (layout == H5D_VIRTUAL) return NN_READER_VIRTUAL;
    if (H5Pget_external_count(creation) != 0) return NN_READER_EXTERNAL_STORAGE;
    if (layout != H5D_CHUNKED) return NN_READER_OK;
    hsize_t chunk[NN_READER_RANK];
    const int rank = H5Pget_chunk(creation, NN_READER_RANK, chunk);
    if (rank <= 0 || rank > NN_READER_RANK) return failure();
    array->chunk_rank = (uint32_t)rank;
    for (int axis = 0; axis < rank; ++axis) array->chunk[axis] = chunk[axis];
    const int count = H5Pget_nfilters(creation);
    if (count < 0 || count > NN_READER_FILTERS) return failure();
    array->filter_count = (uint32_t)count;
    for (unsigned index = 0; index < (unsigned)count; ++index) {
        unsigned flags = 0, config = 0;
        size_t values = 0;
        const H5Z_filter_t filter = H5Pget_filter2(creation, index, &flags, &values, NULL, 0, NULL, NULL);
        if (filter < 0) return failure();
        array->filters[index] = filter;
        array->can_decode[index] = H5Zfilter_avail(filter) > 0 && H5Zget_filter_info(filter, &config) >= 0 &&
                                   (config & H5Z_FILTER_CONFIG_DECODE_ENABLED) != 0;
    }
    return NN_READER_OK;
}

typedef struct {
    hid_t dataset;
    hid_t type; // in the file
    nn_reader_array facts;
} open_array;

static void close_array(open_array *array) {
    if (array->type >= 0) H5Idec_ref(array->type);
    if (array->dataset >= 0) H5Idec_ref(array->dataset);
}

static int describe_shape(open_array *array) {
    const hid_t space = H5Dget_space(array->dataset);
    if (space < 0) return failure();
    hsize_t shape[NN_READER_RANK];
    const int rank = H5Sget_simple_extent_ndims(space);
    const bool is_known =
        rank >= 0 && rank <= NN_READER_RANK && H5Sget_simple_extent_dims(space, shape, NULL) == rank;
    const int status = is_known ? NN_READER_OK : failure();
    H5Idec_ref(space);
    if (!is_known) return status;
    array->facts.rank = (uint32_t)rank;
    for (int axis = 0; axis < rank; ++axis) array->facts.shape[axis] = shape[axis];
    return NN_READER_OK;
}

// Bytes of an element in the file: of a string whose length varies, its length and where it is.
static uint64_t element_bytes(hid_t file, const open_array *array) {
    if (array->facts.element_class != NN_READER_VARIABLE_STRING) return H5Tget_size(array->type);
    const hid_t creation = H5Fget_create_plist(file);
    size_t address = 0, length = 0;
    H5Pget_sizes(creation, &address, &length);
    H5Idec_ref(creation);
    return 4 + address + 4;
}

// Opens what is to be closed by close_array, whatever the status.
static int open_by_name(open_array *array, hid_t file, const char *name) {
    *array = (open_array){.dataset = -1, .type = -1};
    const int path = path_status(file, name);
    if (path != NN_READER_OK) return path;
    array->dataset = H5Oopen(file, name, H5P_DEFAULT);
    if (array->dataset < 0) return failure();
    if (H5Iget_type(array->dataset) != H5I_DATASET) return NN_READER_NOT_ARRAY;
    // Before the shape: to tell that of a virtual data set, the library opens other files.
    const hid_t creation = H5Dget_create_plist(array->dataset);
    if (creation < 0) return failure();
    const int storage = describe_storage(creation, &array->facts);
    H5Idec_ref(creation);
    if (storage != NN_READER_OK) return storage;
    const int shape = describe_shape(array);
    if (shape != NN_READER_OK) return shape;
    array->type = H5Dget_type(array->dataset);
    if (array->type < 0) return failure();
    array->facts.element_class = element_class(array->type);
    array->facts.element_bytes = element_bytes(file, array);
    array->facts.is_signed =
        array->facts.element_class == NN_READER_INTEGER && H5Tget_sign(array->type) == H5T_SGN_2;
    array->facts.stored_bytes = H5Dget_storage_size(array->dataset);
    return NN_READER_OK;
}

// ---- Chunks -------------------------------------------------------------------------------------

// Returns how many bytes a chunk unpacks to, or -1 if it is damaged or they are more than `limit`. Behind the
// `count` bytes of `packed` there is room for `limit` more. Of szip this is the size that the chunk states.
static int64_t unpacked_bytes(const nn_reader_array *array, uint8_t *packed, uint64_t count, uint32_t skipped,
                              uint64_t limit) {
    uLongf inflated = limit;
    int64_t bytes = (int64_t)count;
    for (uint32_t index = array->filter_count; index-- > 0 && bytes >= 0;) {
        if ((skipped >> index & 1) != 0) continue;
        switch (array->filters[index]) {
        case H5Z_FILTER_FLETCHER32: bytes -= 4; break; // a checksum, behind the data
        case H5Z_FILTER_DEFLATE:
            if (uncompress(packed + count, &inflated, packed, (uLong)bytes) != Z_OK) return -1;
            bytes = (int64_t)inflated;
            break;
        case H5Z_FILTER_SZIP:
            if (bytes < 4) return -1;
            bytes = (int64_t)packed[0] | (int64_t)packed[1] << 8 | (int64_t)packed[2] << 16 |
                    (int64_t)packed[3] << 24;
            break;
        default: break; // shuffle keeps the size
        }
    }
    return bytes < 0 ? -1 : bytes;
}

// Whether a chunk is there and unpacks to `bytes` bytes. The library does not make sure of that: it makes up
// what is missing, and reads past the end of what is too short.
static int chunk_status(const open_array *array, const hsize_t *offset, uint64_t bytes, uint64_t *found) {
    hsize_t stored = 0;
    if (H5Dget_chunk_storage_size(array->dataset, offset, &stored) < 0 || stored == 0)
        return NN_READER_NO_CHUNK;
    *found = stored;
    // What deflate cannot shrink, it stretches a little.
    if (stored > bytes + bytes / 1000 + 64) return NN_READER_LONG_CHUNK;
    int64_t unpacked = (int64_t)stored;
    if (array->facts.filter_count > 0) {
        uint8_t *packed = malloc(stored + bytes);
        if (packed == NULL) return NN_READER_NO_MEMORY;
        uint32_t skipped = 0;
        const herr_t status = H5Dread_chunk(array->dataset, H5P_DEFAULT, offset, &skipped, packed);
        const int reason = status < 0 ? failure() : NN_READER_OK;
        if (status >= 0) unpacked = unpacked_bytes(&array->facts, packed, stored, skipped, bytes);
        free(packed);
        if (reason != NN_READER_OK) return reason == NN_READER_DAMAGED ? NN_READER_BAD_CHUNK : reason;
    }
    *found = (uint64_t)unpacked;
    if (unpacked < 0) return NN_READER_BAD_CHUNK;
    return (uint64_t)unpacked == bytes ? NN_READER_OK : NN_READER_WRONG_CHUNK;
}

// The product, or UINT64_MAX if it is larger than that.
static uint64_t times(uint64_t a, uint64_t b) { return b != 0 && a > UINT64_MAX / b ? UINT64_MAX : a * b; }

// Looks at all chunks that hold one of these rows, and leaves in `head` the one that is wrong.
static int chunks_status(const open_array *array, uint64_t first, uint64_t count, nn_reader_answer *head) {
    const nn_reader_array *facts = &array->facts;
    const uint32_t rank = facts->chunk_rank;
    if (rank == 0) return NN_READER_OK;
    uint64_t bytes = facts->element_bytes;
    for (uint32_t axis = 0; axis < rank; ++axis) bytes = times(bytes, facts->chunk[axis]);
    if (bytes == 0 || bytes > NN_READER_SLICE_BYTES || rank != facts->rank) return NN_READER_DAMAGED;
    hsize_t offset[NN_READER_RANK] = {first - first % facts->chunk[0]};
    for (;;) {
        for (uint32_t axis = 0; axis < rank; ++axis) head->chunk[axis] = offset[axis];
        const int status = chunk_status(array, offset, bytes, &head->found);
        if (status != NN_READER_OK) return status;
        // To the next chunk, the last axis first. Sums could overflow; end - offset cannot.
        uint32_t axis = rank;
        while (axis > 0) {
            --axis;
            const uint64_t end = axis == 0 ? first + count : facts->shape[axis];
            if (end - offset[axis] > facts->chunk[axis]) {
                offset[axis] += facts->chunk[axis];
                break;
            }
            if (axis == 0) return NN_READER_OK;
            offset[axis] = 0;
        }
    }
}

// ---- Elements -----------------------------------------------------------------------------------

// Strings are read as they are in the file, pointers where their length varies.
static hid_t memory_type(uint32_t type, hid_t in_file) {
    switch (type) {
    case NN_READER_U8: return H5T_NATIVE_UINT8;
    case NN_READER_I64: return H5T_NATIVE_INT64;
    case NN_READER_U64: return H5T_NATIVE_UINT64;
    case NN_READER_F64: return H5T_NATIVE_DOUBLE;
    default: return in_file;
    }
}

// String `index` of those read, and its length.
static const char *string_at(const open_array *array, const char *elements, uint64_t index,
                             uint64_t *length) {
    const uint64_t size = array->facts.element_bytes;
    if (array->facts.element_class == NN_READER_FIXED_STRING) {
        *length = strnlen(elements + index * size, size);
        return elements + index * size;
    }
    const char *string;
    memcpy((void *)&string, elements + index * sizeof string, sizeof string);
    *length = string == NULL ? 0 : strlen(string);
    return string;
}

static uint64_t shorter(uint64_t a, uint64_t b) { return a < b ? a : b; }

static void give_strings(int socket, const open_array *array, const char *elements, uint64_t count,
                         uint64_t longest) {
    nn_reader_answer head = {.status = NN_READER_OK};
    uint64_t length = 0;
    for (uint64_t index = 0; index < count; ++index) {
        string_at(array, elements, index, &length);
        head.bytes += sizeof(uint32_t) + shorter(length, longest);
    }
    char *bytes = malloc(head.bytes > 0 ? head.bytes : 1); // NULL means that there is no memory
    if (bytes == NULL) {
        refuse(socket, NN_READER_NO_MEMORY);
        return;
    }
    char *end = bytes;
    for (uint64_t index = 0; index < count; ++index) {
        const char *string = string_at(array, elements, index, &length);
        const uint32_t told = (uint32_t)shorter(length, UINT32_MAX);
        memcpy(end, &told, sizeof told);
        end += sizeof told;
        if (length > 0) memcpy(end, string, shorter(length, longest));
        end += shorter(length, longest);
    }
    give(socket, &head, sizeof head);
    give(socket, bytes, head.bytes);
    free(bytes);
}

// Reads rows first ..< first + count into `elements`.
static int read_rows(const open_array *array, const nn_reader_request *request, hid_t memory,
                     void *elements) {
    hsize_t start[NN_READER_RANK] = {request->first};
    hsize_t count[NN_READER_RANK];
    for (uint32_t axis = 0; axis < array->facts.rank; ++axis) count[axis] = array->facts.shape[axis];
    count[0] = request->count;
    const hid_t target = H5Screate_simple((int)array->facts.rank, count, NULL);
    const hid_t source = H5Dget_space(array->dataset);
    const bool is_read = target >= 0 && source >= 0 &&
                         H5Sselect_hyperslab(source, H5S_SELECT_SET, start, NULL, count, NULL) >= 0 &&
                         H5Dread(array->dataset, memory, target, source, H5P_DEFAULT, elements) >= 0;
    const int status = is_read ? NN_READER_OK : failure();
    if (source >= 0) H5Idec_ref(source);
    if (target >= 0) H5Idec_ref(target);
    return status;
}

static void read_array(int socket, const open_array *array, const nn_reader_request *request) {
    const hid_t memory = memory_type(request->type, array->type);
    const uint64_t rows = array->facts.rank == 0 ? 0 : array->facts.shape[0];
    uint64_t elements = request->count;
    for (uint32_t axis = 1; axis < array->facts.rank; ++axis)
        elements = times(elements, array->facts.shape[axis]);
    const uint64_t bytes = times(elements, H5Tget_size(memory));
    if (request->first > rows || request->count > rows - request->first || bytes == 0 ||
        bytes > NN_READER_SLICE_BYTES) {
        refuse(socket, NN_READER_DAMAGED);
        return;
    }
    nn_reader_answer head = {.status = NN_READER_OK};
    head.status = chunks_status(array, request->first, request->count, &head);
    if (head.status != NN_READER_OK) {
        give(socket, &head, sizeof head);
        return;
    }
    char *values = calloc(1, bytes);
    const int status = values == NULL ? NN_READER_NO_MEMORY : read_rows(array, request, memory, values);
    if (status != NN_READER_OK) {
        refuse(socket, status);
    } else if (request->type == NN_READER_STRINGS) {
        give_strings(socket, array, values, elements, request->longest);
    } else {
        answer(socket, values, bytes);
    }
    free(values); // strings of varying length stay: the process ends soon
}

// ---- Requests -----------------------------------------------------------------------------------

// The library takes only a path: this one stands for the descriptor.
#ifdef __linux__
static const char path_of_file[] = "/proc/self/fd/4";
#else
static const char path_of_file[] = "/dev/fd/4";
#endif
_Static_assert(NN_CHILD_FILE == 4, "the path names the descriptor");

// Opens the file that the parent has opened, whatever is at its path by now.
static hid_t open_file(void) {
    const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    // Not what the environment's HDF5_DRIVER names. A lock would fail on file systems that have none, and a
    // reader needs none.
    H5Pset_fapl_sec2(access);
    H5Pset_file_locking(access, false, true);
    // This file can be opened, once, and no other one: a link in it that was missed leads nowhere.
    nn_reader_allow_files(NN_CHILD_FILE + 2);
    const hid_t file = H5Fopen(path_of_file, H5F_ACC_RDONLY, access);
    nn_reader_allow_files(0);
    return file;
}

_Noreturn void nn_reader_serve(void) {
    const int socket = NN_CHILD_SOCKET;
    H5PLset_loading_state(0);
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    const hid_t file = open_file();
    refuse(socket, file < 0 ? failure() : NN_READER_OK);
    if (file < 0) _exit(0);
    for (;;) {
        nn_reader_request request;
        receive(socket, &request, sizeof request);
        if (request.operation == NN_READER_LIST) {
            list(socket, file, &request);
            continue;
        }
        open_array array;
        const int status = open_by_name(&array, file, request.name);
        if (status != NN_READER_OK) {
            refuse(socket, status);
        } else if (request.operation == NN_READER_DESCRIBE) {
            answer(socket, &array.facts, sizeof array.facts);
        } else {
            read_array(socket, &array, &request);
        }
        close_array(&array);
    }
}
