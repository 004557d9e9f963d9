make -C SwiftNN/Examples/blink-cat run FOLDER=$PWD MODEL=$PWD/model.i8.nnk
