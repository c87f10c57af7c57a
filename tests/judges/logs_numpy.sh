#!/bin/sh
# Judges logs read by mappings: pandas and NumPy read the same files and put them onto rows.
# usage: tests/judges/logs_numpy.sh   (needs the recordings of ../shared; installs into target/judges)
set -eu
cd "$(dirname "$0")/../.."
. tests/judges/common.sh
needs "$data/double_pendulum_dfki"
environment numpy numpy==2.4.6 pandas==2.3.3 pyarrow==22.0.0
folder
"$terrella" import "$data/double_pendulum_dfki" "$work/pendulum" --map double-pendulum 2>/dev/null
"$terrella" import "$data/comma2k19_segment" "$work/motorway" 2>/dev/null
"$venv/bin/python" tests/judges/logs_numpy.py "$data" "$work"
