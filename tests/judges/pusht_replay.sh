#!/usr/bin/env bash
# Builds what the PushT judge needs and runs it. Arguments go to pusht_replay.py.
# JUDGE_VENV names a folder for the Python packages (default: target/judges/pusht).
set -euo pipefail
cd "$(dirname "$0")/../.."
. tests/judges/common.sh
data="$data/pusht_human/pusht_cchi_v7_replay.zarr.zip"
needs "$data"
kept "${JUDGE_VENV:-target/judges/pusht}" gym-pusht==0.1.8 pymunk==6.11.1 pygame==2.6.1 opencv-python==4.14.0.94 \
    shapely==2.2.0 zarr==2.18.7 numcodecs==0.15.2 numpy==2.2.6 gymnasium==1.4.0
cargo build --release --quiet -p terrella-env --example replay
"$venv/bin/python" tests/judges/pusht_replay.py "$data" "$target/release/examples/replay" "$@"
