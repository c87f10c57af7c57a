#!/bin/sh
# Judges logs of Crazyflies: NumPy reads the same flights by their head; every number is compared.
# usage: tests/judges/crazyflie_numpy.sh   (needs the recordings of ../shared; installs into target/judges)
set -eu
cd "$(dirname "$0")/../.."
data=../shared/data/crazyflie_usd
if [ ! -e "$data" ]; then
    echo "skipped: $data is not here" >&2
    exit 0
fi
. tests/judges/common.sh
environment numpy numpy==2.4.6 pandas==2.3.3 pyarrow==22.0.0
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
"$venv/bin/python" tests/judges/crazyflie_numpy.py "$target/release/terrella" "$data" "$work"
