#if !__has_include(<zlib.h>)
#error "zlib.h is missing: install zlib1g-dev (Debian, Ubuntu) or zlib-devel (Fedora)"
#endif
#include <zlib.h>
