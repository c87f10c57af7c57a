#!/bin/sh
# `terrella play` itself, the real program with a real run, in a browser: tests/play.sh [RUN]. Without a run it makes one that has
# learned nothing, in seconds. Where Node, its packages or Chromium cannot be had, it says so and goes on.
set -eu
here="$(cd "$(dirname "$0")/.." && pwd)"
TERRELLA="${TERRELLA:-$here/target/release/terrella}"
if [ ! -x "$TERRELLA" ]; then
    echo "there is no $TERRELLA: cargo build --release makes it" >&2
    exit 1
fi
if ! command -v npm >/dev/null 2>&1; then
    echo "skipped: npm is not here"
    exit 0
fi
CHROMIUM="${CHROMIUM:-$(command -v chromium || true)}"
if [ -z "$CHROMIUM" ]; then
    echo "skipped: chromium is not here"
    exit 0
fi
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
if [ $# -gt 0 ]; then
    RUN="$(cd "$1" && pwd)"
else
    RUN="$work/run"
    "$TERRELLA" collect --env pusht --episodes 8 --steps 40 --size 64 --out "$work/data" >/dev/null 2>"$work/log" &&
        "$TERRELLA" train --preset diffusion --data "$work/data" --out "$RUN" --set data.held_out=0.25 --set train.steps=5 \
            --set train.batch_size=4 >/dev/null 2>>"$work/log" || { tail -n 20 "$work/log" >&2; exit 1; }
fi
cd "$here/crates/terrella-play/page"
if [ ! -d node_modules/playwright-core ]; then
    timeout 300 npm ci --silent --no-audit --no-fund >/dev/null 2>&1 || { echo "skipped: the packages of the page cannot be had here"; exit 0; }
fi
export TERRELLA RUN CHROMIUM
node --test test/real.test.mjs
