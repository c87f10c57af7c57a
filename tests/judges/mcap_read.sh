#!/bin/sh
# Judges MCAP: the official Python reader checks every byte of what we write, its ROS 2 writer makes what we read.
# usage: tests/judges/mcap_read.sh   (installs mcap into target/judges)
set -eu
cd "$(dirname "$0")/../.."
. tests/judges/common.sh
environment mcap mcap==1.6.0 mcap-ros2-support==0.6.0 mcap-protobuf-support==0.6.0 rosbags==0.11.0 \
    foxglove-schemas-protobuf==0.4.0 numpy==2.4.6 pyarrow==22.0.0 pillow==12.0.0
folder
"$venv/bin/python" tests/judges/mcap_read.py "$terrella" "$work"
