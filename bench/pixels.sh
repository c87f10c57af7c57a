#!/usr/bin/env bash
# What teaches models of pictures alone: runs of variants on an inner split of the training episodes (data.inner), so
# that settings are chosen without a look at the episodes that are held out. Prints a row a run: success of each policy
# with its by-episode interval, and minutes. Goes on where it was stopped.
# Usage: bench/pixels.sh RECORDINGS [FOLDER]; VARIANTS, SEEDS, STEPS, REACH, SHIFT, COLOUR and TERRELLA may be set.
set -euo pipefail
cd "$(dirname "$0")/.."

data="${1:?recordings to learn from}"
out="${2:-$(mktemp -d)}"
terrella="${TERRELLA:-target/release/terrella}"
reach="model.weights.reach=${REACH:-1}"
shift="train.augment.shift=${SHIFT:-6}"
colour="train.augment.colour=${COLOUR:-0.2}"
mkdir -p "$out"

echo '| variant | seed | policy | success, moderate (inner split, by-episode interval) | minutes in all |'
echo '|---|---|---|---|---|'
for seed in ${SEEDS:-0 1 2}; do
  for variant in ${VARIANTS:-none reach reach+shift reach+shift+colour}; do
    case "$variant" in
      none) sets=(model.weights.reach=0) ;;
      reach) sets=("$reach") ;;
      reach+shift) sets=("$reach" "$shift") ;;
      reach+shift+colour) sets=("$reach" "$shift" "$colour") ;;
      *) echo "no variant $variant; there are none, reach, reach+shift and reach+shift+colour" >&2; exit 2 ;;
    esac
    run="$out/$variant-$seed"
    if [ ! -e "$run/plan.done" ]; then
      if [ -e "$run/run.toml" ]; then
        "$terrella" quickstart --resume "$run" >"$run.txt" 2>>"$run.log"
      else
        all=(data.inner=true decoder.steps=0 "train.steps=${STEPS:-3200}" "${sets[@]}")
        "$terrella" quickstart --preset quickstart-pixels --data "$data" --seed "$seed" --out "$run" \
          "${all[@]/#/--set=}" >"$run.txt" 2>>"$run.log"
      fi
      touch "$run/plan.done"
    fi
    minutes=$(sed -n 's/^took \(.*\) min$/\1/p' "$run.txt")
    sed -n 's/^\([a-z]*\) in [a-z_]*, moderate: \([^(]*\)(.*/\1 \2/p' "$run.txt" | while read -r policy success; do
      echo "| $variant | $seed | $policy | $success | $minutes |"
    done
  done
done
