#include <stdio.h> // which jpeglib.h needs

#include <jpeglib.h>
