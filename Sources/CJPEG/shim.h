#if !__has_include(<jpeglib.h>)
#error                                                                                                       \
    "jpeglib.h is missing: install libjpeg-dev and pkg-config (Debian, Ubuntu), libjpeg-turbo-devel (Fedora) or jpeg-turbo (Homebrew)"
#endif
#include <stdio.h> // which jpeglib.h needs

#include <jpeglib.h>

#include <jerror.h> // after jpeglib.h
