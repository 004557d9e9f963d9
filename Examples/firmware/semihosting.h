/// Requests that a debugger or an emulator answers with its own files and console.
#ifndef SEMIHOSTING_H
#define SEMIHOSTING_H

#include <stdint.h>

enum { OPEN = 0x01, WRITE_TEXT = 0x04, WRITE = 0x05, READ = 0x06, SEEK = 0x0a, EXIT = 0x20 };
enum { OPEN_TO_READ = 1, OPEN_TO_UPDATE = 3, ENDED_BY_ITSELF = 0x20026 };

/// Sends a request. `argument` points to the request's words, or to a text. READ and WRITE return the number
/// of bytes that were not transferred; OPEN returns a file handle, or less than 0 on failure.
intptr_t semihosting(intptr_t request, const void *argument);

#endif
