#!/bin/sh
# Judges the HDF5 reader: h5py writes files in both layouts, by old and new versions of the format, and compares.
# usage: tests/judges/hdf5_h5py.sh   (installs h5py into target/judges)
set -eu
cd "$(dirname "$0")/../.."
target="${CARGO_TARGET_DIR:-target}"
venv="$target/judges/h5py"
if [ ! -x "$venv/bin/python" ]; then
    mkdir -p "$(dirname "$venv")"
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet h5py==3.15.1 numpy==2.4.6 pyarrow==22.0.0 pillow==12.0.0
fi
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
"$venv/bin/python" tests/judges/hdf5_h5py.py "$target/release/terrella" "$work"
