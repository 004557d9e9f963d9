nn-cli evaluate --data photos-test.h5
