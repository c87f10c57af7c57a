#!/bin/sh
# Judges a dataset written by Terrella with LeRobot from PyPI (a large install: LeRobot needs PyTorch).
# usage: tests/judges/lerobot_open.sh [DATASET [SOURCE.zarr.zip]]
# Without arguments it imports the PushT recordings of ../shared, if they are there, and judges those.
# The virtual environment is kept in target/ (or TERRELLA_JUDGE_VENV) and made on the first run.
set -eu
cd "$(dirname "$0")/../.."
. tests/judges/common.sh
dataset="${1:-$target/judges/pusht-dataset}"
source="${2:-}"
if [ $# -eq 0 ]; then
    source="$data/pusht_human/pusht_cchi_v7_replay.zarr.zip"
    needs "$source"
fi
# Python 3.11 is the newest that lerobot 0.4.4 has wheels of its dependencies for everywhere.
PYTHON="${PYTHON:-$(command -v python3.11 || command -v python3)}"
kept "${TERRELLA_JUDGE_VENV:-$target/judges/lerobot-0.4.4}" lerobot==0.4.4 numcodecs==0.16.6
if [ ! -e "$dataset" ]; then
    mkdir -p "$(dirname "$dataset")"
    cargo run --quiet --release -p terrella-formats --example loader_speed -- "$dataset" "$source" >&2
fi
exec "$venv/bin/python" tests/judges/lerobot_open.py "$dataset" $source
