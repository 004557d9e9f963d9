// A rank asks rank 0 for a number, which answers between two slices of its own work.
#include "hand_out.h"
#include "memory.h"
#include "ranks.h"
#include "waiting.h"

#include <stdlib.h>

/// The answer when there is no number left.
static const uint32_t none = UINT32_MAX;

struct hand_out {
    uint32_t count, next, done; // of rank 0
    uint32_t *taken;            ///< (ranks): the number that each rank is at, or none
    uint32_t *answers;          ///< (ranks): what is on its way
    MPI_Request *sending;       ///< (ranks): of the answers
    MPI_Request receiving;      ///< the next question
    char question;              ///< nothing but who asks is of interest
    int asking;                 ///< other ranks that do not know yet that there is none left
};

static void receive_next(hand_out *h) {
    ranks_check(
        MPI_Irecv(&h->question, 1, MPI_CHAR, MPI_ANY_SOURCE, TAG_QUESTION, MPI_COMM_WORLD, &h->receiving));
}

hand_out *hand_out_begin(uint32_t count) {
    const int ranks = ranks_rank() == 0 ? ranks_count() : 0;
    hand_out *h = memory_of(sizeof *h);
    *h = (hand_out){.count = count, .receiving = MPI_REQUEST_NULL, .asking = ranks - 1};
    if (ranks == 0) return h;
    h->taken = memory_of((size_t)ranks * sizeof *h->taken);
    h->answers = memory_of((size_t)ranks * sizeof *h->answers);
    h->sending = (MPI_Request *)memory_of((size_t)ranks * sizeof(MPI_Request));
    for (int rank = 0; rank < ranks; rank++) {
        h->taken[rank] = none;
        h->sending[rank] = MPI_REQUEST_NULL;
    }
    if (h->asking > 0) receive_next(h);
    return h;
}

/// The next number for a rank, on rank 0.
static uint32_t next_for(hand_out *h, int rank) {
    h->done += h->taken[rank] != none;
    h->taken[rank] = h->next < h->count ? h->next++ : none;
    return h->taken[rank];
}

static void answer(hand_out *h, int rank) {
    ranks_await(&h->sending[rank], 1); // who asks has the last answer
    h->answers[rank] = next_for(h, rank);
    h->asking -= h->answers[rank] == none;
    ranks_check(
        MPI_Isend(&h->answers[rank], 1, MPI_UINT32_T, rank, TAG_ANSWER, MPI_COMM_WORLD, &h->sending[rank]));
}

void hand_out_serve(hand_out *h) {
    while (h->asking > 0) {
        int came;
        MPI_Status status;
        ranks_check(MPI_Test(&h->receiving, &came, &status));
        if (!came) return;
        answer(h, status.MPI_SOURCE);
        if (h->asking > 0) receive_next(h);
    }
}

static uint32_t ask(hand_out *h) {
    uint32_t number;
    MPI_Request both[2];
    ranks_check(MPI_Irecv(&number, 1, MPI_UINT32_T, 0, TAG_ANSWER, MPI_COMM_WORLD, &both[0]));
    ranks_check(MPI_Isend(&h->question, 1, MPI_CHAR, 0, TAG_QUESTION, MPI_COMM_WORLD, &both[1]));
    ranks_await(both, 2);
    return number;
}

bool hand_out_take(hand_out *h, uint32_t *number) {
    *number = ranks_rank() == 0 ? next_for(h, 0) : ask(h);
    return *number != none;
}

uint32_t hand_out_done(const hand_out *h) { return h->done; }

void hand_out_end(hand_out *h) {
    for (unsigned turn = 0; h->asking > 0; turn++) {
        hand_out_serve(h);
        ranks_wait(turn);
    }
    if (h->sending) ranks_await(h->sending, ranks_count());
    free(h->taken);
    free(h->answers);
    free((void *)h->sending);
    free(h);
}
