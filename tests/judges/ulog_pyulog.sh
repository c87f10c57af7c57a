#!/bin/sh
# Judges ULog: PX4's own reader, pyulog, reads the same flights; every number of every topic with a clock is compared.
# usage: tests/judges/ulog_pyulog.sh   (needs the recordings of ../shared; installs into target/judges)
set -eu
cd "$(dirname "$0")/../.."
. tests/judges/common.sh
data="$data/px4_ulog"
needs "$data"
environment ulog pyulog==1.3.0 numpy==2.4.6 pyarrow==22.0.0
folder
"$venv/bin/python" tests/judges/ulog_pyulog.py "$terrella" "$data" "$work"
