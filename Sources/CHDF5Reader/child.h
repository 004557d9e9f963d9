// Both sides of the fork.
#ifndef NN_HDF5_CHILD_H
#define NN_HDF5_CHILD_H

#include "hdf5_reader.h"

// Reads the file and answers requests until the socket is closed. Only the child calls this.
_Noreturn void nn_reader_serve(int socket, const char *path);

// Lets the process open no file any more.
void nn_reader_open_no_more(void);

#endif
