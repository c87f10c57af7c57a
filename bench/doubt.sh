#!/usr/bin/env bash
# How well doubts of an ensemble tell changed worlds (the AUROC table of `terrella eval --doubt`), what planning collects where friction is
# another, with and without a price on doubt (the example `doubt`), and what `terrella adapt` makes of few rows of such a world.
# Usage: bench/doubt.sh [FOLDER]; WORLDS (of double_pendulum and cart_pole), EPISODES, STEPS (of training), DOUBT, MOST, TRIES, TERRELLA and
# EXAMPLE may be set. What lies in FOLDER is not made again, and everything hangs on keys.
set -euo pipefail
cd "$(dirname "$0")/.."

terrella="${TERRELLA:-target/release/terrella}"
example="${EXAMPLE:-target/release/examples/doubt}"
out="${1:-$(mktemp -d)}"
mkdir -p "$out"
for world in ${WORLDS:-double_pendulum cart_pole}; do
  data="$out/$world" run="$out/run-$world"
  [ -e "$data" ] || "$terrella" collect --env "$world" --episodes "${EPISODES:-200}" --explore 1 --size 0 --out "$data" >/dev/null 2>&1
  if [ ! -e "$run/model" ]; then
    rm -rf "$run"
    "$terrella" train --preset ensemble --data "$data" --set data.held_out=0.4 --set "train.steps=${STEPS:-4000}" --out "$run" >/dev/null 2>&1
  fi
  echo "## $world: doubts about changed worlds"
  "$terrella" eval "$run" --doubt --set eval.returns.episodes=1 >/dev/null 2>&1
  "$terrella" report "$run" --markdown
  echo "## $world: returns where friction is another"
  "$example" "$run" --factor friction --doubt "${DOUBT:-0.1,1}" --most "${MOST:-3,10}" --episodes "${TRIES:-20}"
  echo "## $world: few rows of the greatest friction"
  [ -e "$out/rubbed-$world" ] || "$example" "$run" --record "$out/rubbed-$world" --episodes 60
  [ -e "$out/adapted-$world" ] || "$terrella" adapt "$run" --to "$out/rubbed-$world" --rows 500 --out "$out/adapted-$world" 2>/dev/null
done
