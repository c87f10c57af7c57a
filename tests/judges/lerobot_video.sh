#!/bin/sh
# Judges datasets with videos: ffprobe reads the file, LeRobot opens the dataset, every frame is held against the PNG.
# Then those with several cameras and with depth, in the same way.
# usage: tests/judges/lerobot_video.sh   (needs ffprobe, the recordings of ../shared, and the environment of lerobot_open.sh)
set -eu
cd "$(dirname "$0")/../.."
. tests/judges/common.sh
source="$data/donkeycar_tub/tub.tar.gz"
venv="${TERRELLA_JUDGE_VENV:-$target/judges/lerobot-0.4.4}"
needs "$source"
[ -x "$venv/bin/python" ] || skip "tests/judges/lerobot_open.sh makes $venv, which is not here"
command -v ffprobe >/dev/null || skip "ffprobe is not here"
folder
"$terrella" import "$source" "$work/png" 2>/dev/null
"$terrella" import "$source" "$work/video" --video 2>/dev/null
"$venv/bin/python" tests/judges/lerobot_video.py "$work/png" "$work/video"
if [ -e "$data/droid_sample" ] && [ -e "$data/slambook_rgbd" ]; then
    "$terrella" import "$data/droid_sample" "$work/views" --map droid-json --views all 2>/dev/null
    "$terrella" import "$data/droid_sample" "$work/views-video" --map droid-json --views all --video 2>/dev/null
    "$terrella" import "$data/slambook_rgbd" "$work/depth" --views all 2>/dev/null
    "$venv/bin/python" tests/judges/lerobot_views.py "$work" "$data/slambook_rgbd/depth"
fi
