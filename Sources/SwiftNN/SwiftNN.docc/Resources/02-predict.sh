nn-cli predict photos/cats/1.jpg
