nn-cli export --format i8
nn-cli evaluate -m model.i8.nnk --data photos-test.h5
