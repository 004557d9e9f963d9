// Functions for what HDF5 has only as macros, which Swift cannot call.
#ifndef NN_CHDF5_SHIM_H
#define NN_CHDF5_SHIM_H

#if !__has_include(<hdf5.h>)
#error "no hdf5.h: install libhdf5-dev pkg-config (Debian, Ubuntu), hdf5-devel (Fedora), hdf5 (Homebrew)"
#endif
#include <hdf5.h>

static inline unsigned nn_h5_read_only(void) { return H5F_ACC_RDONLY; }
static inline unsigned nn_h5_truncate(void) { return H5F_ACC_TRUNC; }

static inline hid_t nn_h5_default(void) { return H5P_DEFAULT; }
static inline hid_t nn_h5_all(void) { return H5S_ALL; }
static inline hid_t nn_h5_error_stack(void) { return H5E_DEFAULT; }
static inline hid_t nn_h5_file_access(void) { return H5P_FILE_ACCESS; }
static inline hid_t nn_h5_dataset_create(void) { return H5P_DATASET_CREATE; }

static inline hid_t nn_h5_native_uint8(void) { return H5T_NATIVE_UINT8; }
static inline hid_t nn_h5_native_int64(void) { return H5T_NATIVE_INT64; }
static inline hid_t nn_h5_native_uint64(void) { return H5T_NATIVE_UINT64; }
static inline hid_t nn_h5_int8(void) { return H5T_STD_I8LE; }
static inline hid_t nn_h5_uint8(void) { return H5T_STD_U8LE; }
static inline hid_t nn_h5_uint8_be(void) { return H5T_STD_U8BE; }
static inline hid_t nn_h5_int32_be(void) { return H5T_STD_I32BE; }
static inline hid_t nn_h5_int64(void) { return H5T_STD_I64LE; }
static inline hid_t nn_h5_uint64(void) { return H5T_STD_U64LE; }
static inline hid_t nn_h5_float32(void) { return H5T_IEEE_F32LE; }
static inline hid_t nn_h5_string(void) { return H5T_C_S1; }
static inline size_t nn_h5_variable_size(void) { return H5T_VARIABLE; }

// H5Lget_info is a function in some releases and a macro in others.
static inline H5L_type_t nn_h5_link_type(hid_t group, const char *name) {
    H5L_info_t info;
    return H5Lget_info(group, name, &info, H5P_DEFAULT) < 0 ? H5L_TYPE_ERROR : info.type;
}

// Files, data sets, groups and stored types that are open, in all files.
static inline ssize_t nn_h5_open_count(void) { return H5Fget_obj_count((hid_t)H5F_OBJ_ALL, H5F_OBJ_ALL); }

// Why the last call of the library failed.
typedef int nn_h5_reason;
static const nn_h5_reason nn_h5_damaged = 0;
static const nn_h5_reason nn_h5_not_hdf5 = 1;
static const nn_h5_reason nn_h5_truncated = 2;
static const nn_h5_reason nn_h5_system = 3;

// Only the innermost record tells a failed read(2) from an address that makes no sense: the layers above
// report both as a read error.
static inline herr_t nn_h5_note_innermost(unsigned depth, const H5E_error2_t *record, void *reason) {
    if (depth > 0) return 0;
    if (record->min_num == H5E_NOTHDF5) *(nn_h5_reason *)reason = nn_h5_not_hdf5;
    if (record->min_num == H5E_TRUNCATED) *(nn_h5_reason *)reason = nn_h5_truncated;
    if (record->maj_num == H5E_IO && record->min_num == H5E_READERROR) *(nn_h5_reason *)reason = nn_h5_system;
    return 0;
}

// Ask this before any other call of the library, which would clear the record.
static inline nn_h5_reason nn_h5_last_failure(void) {
    nn_h5_reason reason = nn_h5_damaged;
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, nn_h5_note_innermost, &reason);
    return reason;
}

#endif
