// How fast two ranks exchange: prints the seconds of an exchange of few bytes, and the bytes per second of a
// large one, which go both ways at once.
//
//     mpicc -O2 links.c -o links && mpirun -n 2 links
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>

/// The seconds of an exchange with the other rank: the least mean of ten rows of exchanges.
static double exchange_seconds(int other, char *sent, char *received, int bytes, int times) {
    double least = 1e9;
    for (int row = 0; row < 10; row++) {
        const double start = MPI_Wtime();
        for (int i = 0; i < times; i++)
            MPI_Sendrecv(sent, bytes, MPI_BYTE, other, 0, received, bytes, MPI_BYTE, other, 0, MPI_COMM_WORLD,
                         MPI_STATUS_IGNORE);
        const double seconds = (MPI_Wtime() - start) / times;
        if (seconds < least) least = seconds;
    }
    return least;
}

int main(int count, char **words) {
    enum { LARGE = 1 << 22 };
    int rank, ranks;
    char *sent = calloc(1, LARGE), *received = calloc(1, LARGE);
    MPI_Init(&count, &words);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &ranks);
    if (ranks != 2 || !sent || !received) MPI_Abort(MPI_COMM_WORLD, 1);
    const double latency = exchange_seconds(1 - rank, sent, received, 8, 1000);
    const double seconds = exchange_seconds(1 - rank, sent, received, LARGE, 10);
    if (rank == 0) printf("%.9f %.0f\n", latency, LARGE / seconds);
    MPI_Finalize();
    free(sent);
    free(received);
    return 0;
}
