#!/bin/sh
# Demonstrations of PushT with everything elsewhere (bench/moved.py), as a dataset to judge on: what a model learned of
# one place is worth in another. Episodes that presets hold out (`data.held_out`) should be named, so that they stay unseen.
# usage: bench/moved.sh DATASET FOLDER [HELD_OUT ...]   (installs pyarrow and Pillow into target/judges)
set -eu
cd "$(dirname "$0")/.."
from="$1"
to="$2"
shift 2
. tests/judges/common.sh
environment moved numpy==2.4.6 pyarrow==22.0.0 pillow==12.0.0
folder
"$venv/bin/python" bench/moved.py "$from" "$work/moved.zarr" "$@"
"${TERRELLA:-target/release/terrella}" import "$work/moved.zarr" "$to" --env pusht
