#!/bin/sh
# Measures many CartPoles stepped together beside Gymnasium's vectorised ones, in the same run.
# usage: bench/env_vector.sh [--seconds 1] [--repeats 5]
set -eu
cd "$(dirname "$0")/.."
. tests/judges/common.sh
environment gymnasium 'gymnasium==1.2.*'
cargo build --release --quiet -p terrella-env --example many_speed
"$venv/bin/python" bench/env_vector.py "$target/release/examples/many_speed" "$@"
