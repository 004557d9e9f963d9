# Needs the Python package h5py.
SwiftNN/Examples/firmware/card.py images photos-test.h5 image.bin
