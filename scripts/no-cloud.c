// What libhdf5's driver for files in the cloud (S3) calls of libcurl and libcrypto: all of it fails.
// scripts/build-static.sh links it where the archive of libhdf5 has the driver. nn-cli opens local files
// only, so nothing here is called, unless the environment variable HDF5_DRIVER asks for the driver; opening a
// file fails then.
#include <stddef.h>

int curl_global_init(long flags) { return (void)flags, 2; } // CURLE_FAILED_INIT
void curl_global_cleanup(void) {}
void *curl_easy_init(void) { return NULL; }
int curl_easy_setopt(void *handle, int option, ...) { return (void)handle, (void)option, 2; }
int curl_easy_perform(void *handle) { return (void)handle, 2; }
void curl_easy_cleanup(void *handle) { (void)handle; }
void *curl_slist_append(void *list, const char *text) { return (void)list, (void)text, NULL; }
void curl_slist_free_all(void *list) { (void)list; }

const void *EVP_sha256(void) { return NULL; }
unsigned char *HMAC(const void *hash, const void *key, int key_bytes, const unsigned char *data,
                    size_t data_bytes, unsigned char *digest, unsigned *digest_bytes) {
    return (void)hash, (void)key, (void)key_bytes, (void)data, (void)data_bytes, (void)digest,
           (void)digest_bytes, NULL;
}
unsigned char *SHA256(const unsigned char *data, size_t bytes, unsigned char *digest) {
    return (void)data, (void)bytes, (void)digest, NULL;
}
