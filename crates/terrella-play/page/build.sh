#!/bin/sh
# Type-checks and bundles the page into dist/, which is committed: whoever builds the program needs no Node.
# Blanks go, names stay, lines are short enough for a diff; no source map; the same sources give the same bytes.
set -eu
cd "$(dirname "$0")"
node_modules/.bin/tsc
rm -rf dist
for page in main:play data:data; do
    node_modules/.bin/esbuild "src/${page%:*}.ts" --bundle --format=iife --target=es2022 --charset=utf8 --minify-syntax \
        --minify-whitespace --line-limit=110 --legal-comments=none --log-level=warning --outfile="dist/${page#*:}.js"
done
node_modules/.bin/esbuild play.css --charset=utf8 --minify-syntax --minify-whitespace --line-limit=110 --legal-comments=none \
    --log-level=warning --outfile=dist/play.css
cp index.html data.html favicon.svg dist/
bytes=$(cat dist/* | wc -c)
echo "dist: $bytes bytes"
# Ninety kilobytes are what the program is willing to carry for its two pages.
test "$bytes" -lt 90000
