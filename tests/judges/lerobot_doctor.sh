#!/bin/sh
# Judges what we write with lerobot-doctor, which knows the format: metadata, times, videos, features, portability.
# usage: tests/judges/lerobot_doctor.sh   (installs lerobot-doctor into target/judges)
# It also warns about what is in a recording (frozen actions, jumps); that is the recording's business.
set -eu
cd "$(dirname "$0")/../.."
. tests/judges/common.sh
environment lerobot-doctor lerobot-doctor==0.2.0 av==18.1.0 numpy==2.4.6 pyarrow==26.0.1
folder
"$terrella" collect --env tworoom --episodes 12 --steps 60 --out "$work/png" >/dev/null 2>&1
set -- png
if "$terrella" import "$work/png" "$work/video" --video >/dev/null 2>&1; then
    set -- png video
fi
if [ -e "$data/donkeycar_tub" ]; then
    "$terrella" import "$data/donkeycar_tub/tub.tar.gz" "$work/donkey" >/dev/null 2>&1
    "$terrella" import "$data/bridge_tfrecord" "$work/bridge" >/dev/null 2>&1
    "$terrella" import "$data/bridge_tfrecord" "$work/bridge-views" --views all >/dev/null 2>&1
    set -- "$@" donkey bridge bridge-views
fi
for dataset in "$@"; do
    # What it says decides, not how it ends: threads of its pyarrow sometimes abort Python at the very end.
    said="$("$venv/bin/lerobot-doctor" "$work/$dataset" 2>&1)" || true
    for part in "Metadata & Format Compliance" "Temporal Consistency" "Video Integrity" "Feature Consistency" "Portability"; do
        echo "$said" | grep -qF "[PASS] $part" || { echo "$said"; exit 1; }
    done
    if echo "$said" | grep -qF "[FAIL]"; then echo "$said"; exit 1; fi
    echo "$dataset: $(echo "$said" | grep Summary: )"
done
