// Reads HDF5 files in a process of their own, as libhdf5 crashes on some damaged ones.
//
// The parent starts a child for one file, asks it, and ends it. The child knows libhdf5 and judges nothing:
// what it says may be anything, so the parent checks all of it. Both are the same program, so that structures
// are sent as they lie in memory.
#ifndef NN_HDF5_READER_H
#define NN_HDF5_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
    NN_READER_NAME_BYTES = 1024,     // of a path in the file
    NN_READER_RANK = 32,             // HDF5's own limit
    NN_READER_FILTERS = 32,          // likewise
    NN_READER_NAMES = 256,           // that a list has at most
    NN_READER_SLICE_BYTES = 64 << 20 // of one answer, and of one chunk when it is unpacked
};

typedef enum {
    NN_READER_LIST,     // a group's members: names, each ended by a NUL, up to NN_READER_NAMES
    NN_READER_DESCRIBE, // an array: nn_reader_array
    NN_READER_READ      // rows of an array: the elements; of strings, each as u32 length and its bytes
} nn_reader_operation;

// What elements are read as. Strings are cut after `longest` bytes; their length is the true one.
typedef enum { NN_READER_U8, NN_READER_I64, NN_READER_U64, NN_READER_F64, NN_READER_STRINGS } nn_reader_type;

typedef enum {
    NN_READER_OK,
    NN_READER_DAMAGED,
    NN_READER_NOT_HDF5,
    NN_READER_TRUNCATED,
    NN_READER_NEWER,       // it has a version of something that libhdf5 does not know
    NN_READER_READ_FAILED, // read(2) did
    NN_READER_NO_MEMORY,
    NN_READER_NONE, // no such name
    NN_READER_SOFT_LINK,
    NN_READER_EXTERNAL_LINK,
    NN_READER_OTHER_LINK,
    NN_READER_NOT_ARRAY, // a group or a stored type
    NN_READER_VIRTUAL,
    NN_READER_EXTERNAL_STORAGE,
    NN_READER_NO_CHUNK,    // `chunk` is not in the file
    NN_READER_LONG_CHUNK,  // `chunk` takes `found` bytes in the file, more than its data can
    NN_READER_WRONG_CHUNK, // `chunk` unpacks to `found` bytes
    NN_READER_BAD_CHUNK    // `chunk` cannot be unpacked
} nn_reader_status;

typedef struct {
    uint32_t operation;
    uint32_t type;
    uint64_t first;   // row
    uint64_t count;   // of rows
    uint64_t longest; // bytes of a string
    char name[NN_READER_NAME_BYTES + 1];
} nn_reader_request;

typedef struct {
    int32_t status;
    uint64_t bytes; // that follow; 0 if the status is not NN_READER_OK
    uint64_t found;
    uint64_t chunk[NN_READER_RANK];
} nn_reader_answer;

typedef enum {
    NN_READER_INTEGER,
    NN_READER_FLOAT,
    NN_READER_ENUMERATION,
    NN_READER_FIXED_STRING,
    NN_READER_VARIABLE_STRING,
    NN_READER_OTHER
} nn_reader_class;

typedef struct {
    uint64_t element_bytes;
    uint64_t stored_bytes;
    int32_t element_class;
    int32_t is_signed;
    uint32_t rank;
    uint32_t chunk_rank; // 0: not in chunks
    uint32_t filter_count;
    uint64_t shape[NN_READER_RANK];
    uint64_t chunk[NN_READER_RANK];
    int32_t filters[NN_READER_FILTERS]; // by number, in the order of writing
    uint8_t can_decode[NN_READER_FILTERS];
} nn_reader_array;

typedef struct {
    uint64_t memory_bytes; // that the child may take
    uint32_t processor_seconds;
    uint32_t answer_seconds; // that the parent waits for one answer
} nn_reader_limits;

typedef struct {
    pid_t child;
    int socket;
    int waited_ms; // for the present answer
    int limit_ms;
} nn_reader;

// How a child ended that gave no answer.
typedef enum {
    NN_READER_CRASHED,
    NN_READER_OUT_OF_TIME,
    NN_READER_NOT_ANSWERING,
    NN_READER_NO_DESCRIPTORS, // too many files are open already
} nn_reader_end_reason;

// Starts a child, whose first answer says whether the open file is one of HDF5. 0, or the system's error.
int nn_reader_start(nn_reader *reader, int file, const nn_reader_limits *limits);

// Sends a request. False: the child has ended.
bool nn_reader_ask(nn_reader *reader, const nn_reader_request *request);

// Waits for so many bytes. False: the child has ended, or is too slow.
bool nn_reader_receive(nn_reader *reader, void *bytes, size_t count);

// Ends the child, whatever it does, and leaves nothing of it. The reason is that of a child that failed to
// answer.
nn_reader_end_reason nn_reader_end(nn_reader *reader);

// Whether the system gives so much memory, and has twice as much. Swift ends the program where it does not.
bool nn_reader_can_take(size_t bytes);

#endif
