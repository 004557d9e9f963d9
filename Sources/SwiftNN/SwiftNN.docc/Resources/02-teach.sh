nn-cli teach photos.h5
