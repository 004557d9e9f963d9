/// A program with plugins: each of them, and it, has its own core. All plugins are loaded before any is
/// called.
///
///     host local|global PLUGIN ...
#include "trained.h"
#include <dlfcn.h>

enum { MOST = 8 };

int main(int count, char **arguments) {
    void *plugins[MOST] = {0};
    const int scope = strcmp(arguments[1], "global") == 0 ? RTLD_GLOBAL : RTLD_LOCAL;
    for (int i = 2; i < count && i < MOST; i++)
        if (!(plugins[i] = dlopen(arguments[i], RTLD_NOW | scope))) return printf("%s\n", dlerror()), 1;
    for (int i = 2; i < count && i < MOST; i++) {
        int (*is)(void);
        *(void **)&is = dlsym(plugins[i], "plugin_is_trained");
        if (!is || !is()) return printf("plugin %s\n", arguments[i]), 1;
    }
    return is_trained() ? 0 : 1;
}
