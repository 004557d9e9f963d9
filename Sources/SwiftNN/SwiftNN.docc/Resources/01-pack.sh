nn-cli dataset pack photos
