// Runs a command and writes its wall time and its peak memory to a file, as JSON.
//
//     measure RESULT.json COMMAND ARGUMENT...
//
// This is a small separate program because Linux counts the parent's memory at the fork in the child's peak.
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

int main(int argc, char **argv) {
    if (argc < 3) return 64;
    const double start = now();
    const pid_t child = fork();
    if (child == 0) {
        execvp(argv[2], argv + 2);
        perror(argv[2]);
        _exit(127);
    }
    int status;
    struct rusage used;
    if (child < 0 || wait4(child, &status, 0, &used) != child) return 71;
    const double seconds = now() - start;
    FILE *out = fopen(argv[1], "w");
    if (!out) return 74;
#if defined(__APPLE__)
    const long unit = 1;
#else
    const long unit = 1024;
#endif
    fprintf(out, "{\"seconds\": %.9f, \"peak_bytes\": %ld}\n", seconds, used.ru_maxrss * unit);
    return fclose(out) == 0 && WIFEXITED(status) ? WEXITSTATUS(status) : 70;
}
