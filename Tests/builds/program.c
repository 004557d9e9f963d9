/// A program that uses the core.
#include "trained.h"

int main(void) { return is_trained() ? 0 : 1; }
