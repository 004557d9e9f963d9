nn-cli dataset show photos.h5
