/// A plugin with a core of its own.
#include "trained.h"

__attribute__((visibility("default"))) int plugin_is_trained(void);
int plugin_is_trained(void) { return is_trained(); }
