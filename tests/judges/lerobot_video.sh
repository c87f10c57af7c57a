#!/bin/sh
# Judges datasets with videos: ffprobe reads the file, LeRobot opens the dataset, every frame is held against the PNG.
# Then those with several cameras and with depth, in the same way.
# usage: tests/judges/lerobot_video.sh   (needs ffprobe, the recordings of ../shared, and the environment of lerobot_open.sh)
set -eu
cd "$(dirname "$0")/../.."
source=../shared/data/donkeycar_tub/tub.tar.gz
target="${CARGO_TARGET_DIR:-target}"
venv="${TERRELLA_JUDGE_VENV:-$target/judges/lerobot-0.4.4}"
if [ ! -e "$source" ] || [ ! -x "$venv/bin/python" ] || ! command -v ffprobe >/dev/null; then
    echo "skipped: it needs $source, ffprobe, and the environment that tests/judges/lerobot_open.sh makes" >&2
    exit 0
fi
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
terrella="$target/release/terrella"
"$terrella" import "$source" "$work/png" 2>/dev/null
"$terrella" import "$source" "$work/video" --video 2>/dev/null
"$venv/bin/python" tests/judges/lerobot_video.py "$work/png" "$work/video"
data=../shared/data
if [ -e "$data/droid_sample" ] && [ -e "$data/slambook_rgbd" ]; then
    "$terrella" import "$data/droid_sample" "$work/views" --map droid-json --views all 2>/dev/null
    "$terrella" import "$data/droid_sample" "$work/views-video" --map droid-json --views all --video 2>/dev/null
    "$terrella" import "$data/slambook_rgbd" "$work/depth" --views all 2>/dev/null
    "$venv/bin/python" tests/judges/lerobot_views.py "$work" "$data/slambook_rgbd/depth"
fi
