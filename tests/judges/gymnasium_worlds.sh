#!/bin/sh
# Judges worlds with rewards with Gymnasium from PyPI: equal states and actions, 1,000 steps, within 1e-6.
# usage: tests/judges/gymnasium_worlds.sh
set -eu
cd "$(dirname "$0")/../.."
. tests/judges/common.sh
environment gymnasium 'gymnasium==1.2.*'
cargo build --release --quiet -p terrella-env --example sim_trajectory
"$venv/bin/python" tests/judges/gymnasium_worlds.py "$target/release/examples/sim_trajectory"
