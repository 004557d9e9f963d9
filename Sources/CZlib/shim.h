#if !__has_include(<zlib.h>)
#error "no zlib.h: install zlib1g-dev pkg-config (Debian, Ubuntu), zlib-devel (Fedora)"
#endif
#include <zlib.h>
