#if !__has_include(<png.h>)
#error                                                                                                       \
    "png.h is missing: install libpng-dev and pkg-config (Debian, Ubuntu), libpng-devel (Fedora) or libpng (Homebrew)"
#endif
#include <png.h>
