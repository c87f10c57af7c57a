#!/usr/bin/env bash
# How soon `terrella watch` finds a changed world, and how often it is wrong: two simulated worlds (the example `change`), and two designs
# of a double pendulum of hardware, of which one was learned.
# Usage: bench/change.sh [RECORDINGS]; RECORDINGS has the folders design_A.0 and design_C.0 of the DFKI's double pendulum. TERRELLA, CHANGE,
# QUIET (rows), TRIES, SEEDS and OUT may be set; what lies in OUT is not made again.
set -euo pipefail
cd "$(dirname "$0")/.."

terrella="${TERRELLA:-target/release/terrella}"
"${CHANGE:-target/release/examples/change}" --quiet "${QUIET:-3000000}" --tries "${TRIES:-40}"
[ $# -gt 0 ] || exit 0

out="${OUT:-$(mktemp -d)}"
mkdir -p "$out"
for design in A.0 C.0; do
  [ -e "$out/$design" ] || "$terrella" import "$1/design_$design" "$out/$design" --map double-pendulum >/dev/null 2>&1
done
for seed in ${SEEDS:-0 1}; do
  run="$out/run-$seed"
  if [ ! -e "$run/model" ]; then
    rm -rf "$run"
    "$terrella" train --data "$out/A.0" --set model.kind=ensemble --set data.held_out=0.4 --seed "$seed" --out "$run" 2>/dev/null
  fi
  for design in A.0 C.0; do
    echo "learned from design A.0 (seed $seed), watched: design $design"
    # Half of what is held out says what is usual; the other half of A.0 is watched.
    "$terrella" watch "$run" --stream "$out/$design" --calibrate 0.5 2>/dev/null
  done
done
