/// Included before each file of a firmware: a network so small that a training takes a fraction of a
/// millisecond, so that power can fail at each write. An image is three blocks of the card.
#include "nnkernel/nnkernel.h"

#undef NNK_NETWORK_DEEP
#define NNK_NETWORK_DEEP (1536, 2, 1)
#define nnk_deep         small_network
static const nnk_topology small_network __attribute__((unused)) = NNK_TOPOLOGY(DEEP);
