#!/bin/sh
# Judges logs of Crazyflies: NumPy reads the same flights by their head; every number is compared.
# usage: tests/judges/crazyflie_numpy.sh   (needs the recordings of ../shared; installs into target/judges)
set -eu
cd "$(dirname "$0")/../.."
. tests/judges/common.sh
data="$data/crazyflie_usd"
needs "$data"
environment numpy numpy==2.4.6 pandas==2.3.3 pyarrow==22.0.0
folder
"$venv/bin/python" tests/judges/crazyflie_numpy.py "$terrella" "$data" "$work"
