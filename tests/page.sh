#!/bin/sh
# The page of `terrella play`: its sources give the files that are committed, and it works in a browser, against a stand-in for
# the server. Where Node or its packages cannot be had, or Chromium, it says so and goes on.
set -eu
cd "$(dirname "$0")/../crates/terrella-play/page"
if ! command -v npm >/dev/null 2>&1; then
    echo "skipped: npm is not here"
    exit 0
fi
timeout 300 npm ci --silent --no-audit --no-fund >/dev/null 2>&1 || { echo "skipped: the packages of the page cannot be had here"; exit 0; }
before="$(cat dist/* | cksum)"
npm run --silent build
[ "$before" = "$(cat dist/* | cksum)" ] || { echo "the page's dist/ is not what its sources give: commit it" >&2; exit 1; }
CHROMIUM="${CHROMIUM:-$(command -v chromium || true)}"
if [ -z "$CHROMIUM" ]; then
    echo "skipped: chromium is not here"
    exit 0
fi
export CHROMIUM
npm test --silent
