#!/usr/bin/env bash
# How much reward planning in a learned ensemble collects after so many steps of random actions, beside the
# same planner in the true equations and beside chance; each from several seeds of training. Writes the table of
# docs/returns.md. What is there already is not run again.
# Usage: bench/returns.sh [FOLDER]; WORLDS, STEPS, SEEDS and TERRELLA may be set.
set -euo pipefail
cd "$(dirname "$0")/.."

terrella="${TERRELLA:-target/release/terrella}"
out="${1:-$(mktemp -d)}"
mkdir -p "$out"
for world in ${WORLDS:-pendulum cart_pole_swing_up}; do
  # Steps of an episode of each.
  case "$world" in pendulum) length=200 ;; *) length=250 ;; esac
  for steps in ${STEPS:-5000 20000 100000}; do
    data="$out/$world-$steps"
    if [ ! -e "$data" ]; then
      "$terrella" collect --env "$world" --episodes $((steps / length)) --explore 1 --size 0 --out "$data" 2>/dev/null
    fi
    for seed in ${SEEDS:-0 1 2}; do
      run="$data-seed-$seed"
      [ ! -e "$run/eval.json" ] || continue
      rm -rf "$run"
      "$terrella" train --preset ensemble --seed "$seed" --data "$data" --out "$run" 2>/dev/null
      "$terrella" eval "$run" >/dev/null 2>&1
    done
  done
done
python3 bench/returns.py "$out"
