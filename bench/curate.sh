#!/bin/sh
# Measures of motion over synthetic episodes: `terrella curate` beside pandas, on the same Parquet files.
# usage: bench/curate.sh [ROWS]   (installs pandas into target/judges)
set -eu
cd "$(dirname "$0")/.."
rows="${1:-10000000}"
target="${CARGO_TARGET_DIR:-target}"
venv="$target/judges/numpy"
if [ ! -x "$venv/bin/python" ]; then
    mkdir -p "$(dirname "$venv")"
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet numpy==2.4.6 pandas==2.3.3 pyarrow==22.0.0
fi
cargo build --quiet --release --workspace --features video,curate,cluster --examples
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
"$target/release/examples/scale" make "$rows" "$work"
"$target/release/examples/scale" run "$work"
"$venv/bin/python" bench/curate.py "$work"
