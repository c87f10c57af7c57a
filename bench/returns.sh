#!/usr/bin/env bash
# How much reward planning in a learned ensemble collects after so many steps of random actions, beside the
# same planner in the true equations and beside chance. Prints a Markdown table for each.
# Usage: bench/returns.sh [FOLDER]; WORLDS, STEPS and TERRELLA may be set.
set -euo pipefail
cd "$(dirname "$0")/.."

terrella="${TERRELLA:-target/release/terrella}"
out="${1:-$(mktemp -d)}"
mkdir -p "$out"
for world in ${WORLDS:-pendulum cart_pole_swing_up}; do
  # Steps of an episode of each.
  case "$world" in pendulum) length=200 ;; *) length=250 ;; esac
  for steps in ${STEPS:-5000 20000 100000}; do
    run="$out/$world-$steps"
    if [ ! -e "$run/eval.json" ]; then
      rm -rf "$run" "$run-data"
      "$terrella" collect --env "$world" --episodes $((steps / length)) --explore 1 --size 0 --out "$run-data" 2>/dev/null
      "$terrella" train --preset ensemble --data "$run-data" --out "$run" 2>/dev/null
      "$terrella" eval "$run" >/dev/null 2>&1
    fi
    printf '\n%s after %s steps of random actions\n\n' "$world" "$steps"
    "$terrella" report "$run" --markdown
  done
done
