# The same accuracy, in words.
nn-cli evaluate --data photos-test.h5
