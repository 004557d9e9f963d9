nn-cli export --format c-header --i8
