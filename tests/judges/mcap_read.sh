#!/bin/sh
# Judges MCAP: the official Python reader checks every byte of what we write, its ROS 2 writer makes what we read.
# usage: tests/judges/mcap_read.sh   (installs mcap into target/judges)
set -eu
cd "$(dirname "$0")/../.."
target="${CARGO_TARGET_DIR:-target}"
venv="$target/judges/mcap"
if [ ! -x "$venv/bin/python" ]; then
    mkdir -p "$(dirname "$venv")"
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet mcap==1.6.0 mcap-ros2-support==0.6.0 mcap-protobuf-support==0.6.0 rosbags==0.11.0 \
        foxglove-schemas-protobuf==0.4.0 numpy==2.4.6 pyarrow==22.0.0 pillow==12.0.0
fi
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
"$venv/bin/python" tests/judges/mcap_read.py "$target/release/terrella" "$work"
