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
static inline hid_t nn_h5_file_access(void) { return H5P_FILE_ACCESS; }
static inline hid_t nn_h5_link_create(void) { return H5P_LINK_CREATE; }
static inline hid_t nn_h5_dataset_create(void) { return H5P_DATASET_CREATE; }

static inline hid_t nn_h5_native_int64(void) { return H5T_NATIVE_INT64; }
static inline hid_t nn_h5_int8(void) { return H5T_STD_I8LE; }
static inline hid_t nn_h5_uint8(void) { return H5T_STD_U8LE; }
static inline hid_t nn_h5_uint8_be(void) { return H5T_STD_U8BE; }
static inline hid_t nn_h5_int32_be(void) { return H5T_STD_I32BE; }
static inline hid_t nn_h5_int64(void) { return H5T_STD_I64LE; }
static inline hid_t nn_h5_uint64(void) { return H5T_STD_U64LE; }
static inline hid_t nn_h5_float32(void) { return H5T_IEEE_F32LE; }
static inline hid_t nn_h5_string(void) { return H5T_C_S1; }
static inline size_t nn_h5_variable_size(void) { return H5T_VARIABLE; }

#endif
