// Both sides of the fork.
#ifndef NN_HDF5_CHILD_H
#define NN_HDF5_CHILD_H

#include "hdf5_reader.h"

// The child's descriptors, beside the standard ones, which are of /dev/null.
enum { NN_CHILD_SOCKET = 3, NN_CHILD_FILE = 4 };

// The exit status of a child that may not open as many descriptors as it needs.
enum { NN_CHILD_NO_DESCRIPTORS = 1 };

// Reads the file and answers requests until the socket is closed. Only the child calls this.
_Noreturn void nn_reader_serve(void);

// Lets the process open files only while it has fewer than `count` open. This is not raised again.
void nn_reader_allow_files(int count);

#endif
