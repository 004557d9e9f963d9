nn-cli train --train photos.h5 --test photos-test.h5 --report report.html
