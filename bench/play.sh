#!/usr/bin/env bash
# How many can drive at once in `terrella play`: frames a second, milliseconds from an action to the picture that shows it and share
# of a core, for 1 to 32 sessions at full speed and at ten steps a second; and memory before and after a thousand that come and go.
# Usage: bench/play.sh RUN [--seconds S] [--sessions 1,2,4] [--visits N] [--json FILE]. TERRELLA and CROWD may be set.
set -euo pipefail
here="$(cd "$(dirname "$0")/.." && pwd)"
terrella="${TERRELLA:-$here/target/release/terrella}"
crowd="${CROWD:-$here/target/release/examples/crowd}"
[ $# -gt 0 ] || { sed -n '2,4p' "$0"; exit 2; }
run="$1"
shift
[ -x "$crowd" ] || { echo "there is no $crowd: cargo build --release -p terrella-play --example crowd makes it" >&2; exit 1; }

work="$(mktemp -d)"
program=
trap '[ -z "$program" ] || kill -INT "$program" 2>/dev/null || true; rm -rf "$work"' EXIT
"$terrella" play "$run" --port 0 --sessions 32 --record "$work/drives" >"$work/address" 2>"$work/log" &
program=$!
until [ -s "$work/address" ]; do
  kill -0 "$program" 2>/dev/null || { cat "$work/log" >&2; exit 1; }
  sleep 0.1
done
"$crowd" "$(head -n 1 "$work/address")" "$program" "$@"
kill -INT "$program"
wait "$program"
program=
