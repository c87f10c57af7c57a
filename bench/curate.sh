#!/bin/sh
# Measures of motion over synthetic episodes: `terrella curate` beside pandas, on the same Parquet files.
# usage: bench/curate.sh [ROWS]   (installs pandas into target/judges)
set -eu
cd "$(dirname "$0")/.."
rows="${1:-10000000}"
. tests/judges/common.sh
environment numpy numpy==2.4.6 pandas==2.3.3 pyarrow==22.0.0
cargo build --quiet --release --workspace --features video,rerun,remote,curate,cluster --examples
folder
"$target/release/examples/scale" make "$rows" "$work"
"$target/release/examples/scale" run "$work"
"$venv/bin/python" bench/curate.py "$work"
