#!/bin/sh
# Judges what we write with Rerun: its own readers of LeRobot and of MCAP make .rrd recordings, which are counted; its
# reader of .rrd reads ours, every number and picture of which is compared.
# usage: tests/judges/rerun_open.sh   (installs rerun-sdk into target/judges)
set -eu
cd "$(dirname "$0")/../.."
. tests/judges/common.sh
environment rerun rerun-sdk==0.36.3
folder
"$venv/bin/rerun" analytics disable >/dev/null 2>&1 || true
"$terrella" collect --env tworoom --episodes 5 --steps 40 --out "$work/png" >/dev/null 2>&1
set -- png
if "$terrella" import "$work/png" "$work/video" --video >/dev/null 2>&1; then
    set -- "$@" video
fi
if [ -e "$data/slambook_rgbd" ] && [ -e "$data/bridge_tfrecord" ]; then
    "$terrella" import "$data/slambook_rgbd" "$work/depth" --views all >/dev/null 2>&1
    "$terrella" import "$data/bridge_tfrecord" "$work/views" --views all >/dev/null 2>&1
    set -- "$@" depth views
fi
for dataset in "$@"; do
    "$terrella" export "$work/$dataset" "$work/$dataset.mcap" --views all >/dev/null 2>&1
    said="$("$venv/bin/rerun" mcap check "$work/$dataset.mcap" 2>&1)" || { echo "$said"; exit 1; }
    "$venv/bin/rerun" mcap convert "$work/$dataset.mcap" --output "$work/$dataset-mcap.rrd" >/dev/null 2>&1
    "$venv/bin/python" tests/judges/rerun_open.py "$work/$dataset" "$work/$dataset-mcap.rrd" "$venv/bin/rerun"
    # Videos are pictures in the recording, so there is nothing equal to compare with.
    if [ "$dataset" != video ]; then
        "$terrella" inspect "$work/$dataset" --views all --rerun "$work/$dataset.rrd" >/dev/null 2>&1
        "$venv/bin/rerun" rrd verify "$work/$dataset.rrd" >/dev/null 2>&1
        "$venv/bin/python" tests/judges/rerun_values.py "$work/$dataset" "$work/$dataset.rrd"
    fi
done
