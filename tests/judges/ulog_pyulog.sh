#!/bin/sh
# Judges ULog: PX4's own reader, pyulog, reads the same flights; every number of every topic with a clock is compared.
# usage: tests/judges/ulog_pyulog.sh   (needs the recordings of ../shared; installs into target/judges)
set -eu
cd "$(dirname "$0")/../.."
data=../shared/data/px4_ulog
if [ ! -e "$data" ]; then
    echo "skipped: $data is not here" >&2
    exit 0
fi
. tests/judges/common.sh
environment ulog pyulog==1.3.0 numpy==2.4.6 pyarrow==22.0.0
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
"$venv/bin/python" tests/judges/ulog_pyulog.py "$target/release/terrella" "$data" "$work"
