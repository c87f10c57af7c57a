#!/bin/sh
# Judges the HDF5 reader: h5py writes files in both layouts, by old and new versions of the format, and compares.
# usage: tests/judges/hdf5_h5py.sh   (installs h5py into target/judges)
set -eu
cd "$(dirname "$0")/../.."
. tests/judges/common.sh
environment h5py h5py==3.15.1 numpy==2.4.6 pyarrow==22.0.0 pillow==12.0.0
folder
"$venv/bin/python" tests/judges/hdf5_h5py.py "$terrella" "$work"
