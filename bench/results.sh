#!/usr/bin/env bash
# Trains and judges every preset of the tables of results with three seeds, and writes the figures of README.md and
# docs/results.md from what came of it (docs/results.json has one record a run). Nothing in these tables is typed.
#
# usage: bench/results.sh [FOLDER]             runs what is missing (two hours from nothing), then collects and writes
#        bench/results.sh --collect [FOLDER]   runs nothing: takes what is finished
#        bench/results.sh --write              writes both documents from docs/results.json
#        bench/results.sh --check              fails where a document says something else
#
# FOLDER    where recordings and runs are (default runs/results). A run whose run.toml has the same command and
#           commit is not made again; one that was interrupted goes on.
# TERRELLA  the program (default target/release/terrella); its commit is the one that the figures name
# PUSHT     the archive of human demonstrations
# ONLY      some of: human teacher state pixels embedded embedded-teacher tworoom hour (default: all but teachers and hour); SEEDS, default "0 1 2"
set -euo pipefail
cd "$(dirname "$0")/.."
export PYTHONDONTWRITEBYTECODE=1

case "${1:-}" in
  --write) python3 bench/results_pages.py write; exit ;;
  --check) python3 bench/results_pages.py check; exit ;;
  --collect) run=0; shift ;;
  -*) echo "no such option: $1; there are --collect, --write and --check" >&2; exit 2 ;;
  *) run=1 ;;
esac
folder=$(realpath -m "${1:-runs/results}")
terrella=$(realpath -m "${TERRELLA:-target/release/terrella}")
[ -x "$terrella" ] || { echo "no program at $terrella: cargo build --release, or name one with TERRELLA" >&2; exit 1; }
pusht=$(realpath -m "${PUSHT:-../shared/data/pusht_human/pusht_cchi_v7_replay.zarr.zip}")
mkdir -p "$folder"

# A program says its commit in every run that it begins, also in one that finds no recordings.
asked=$(mktemp -d)
trap 'rm -rf "$asked"' EXIT
"$terrella" train --data "$asked/none" --out "$asked/run" 2>/dev/null || true
commit=$(sed -n 's/^commit = "\([0-9a-f]*\)"$/\1/p' "$asked/run/run.toml")
if [ -z "$commit" ] || grep -q '^dirty = true' "$asked/run/run.toml"; then
  echo "$terrella was built from sources that no commit has; commit them and build it again, in the repository" >&2
  exit 1
fi

recordings() {
  [ ! -e "$folder/$1" ] || return 0
  case "$1" in
    pusht)
      [ -e "$pusht" ] || { echo "no demonstrations at $pusht: name the archive with PUSHT, or do without: ONLY='embedded tworoom'" >&2; exit 1; }
      (cd "$folder" && "$terrella" import "$pusht" pusht --env pusht) ;;
    # What quickstart records with seed 0, byte for byte.
    embedded) (cd "$folder" && "$terrella" collect --env pusht --episodes 200 --out embedded) ;;
    tworoom) (cd "$folder" && "$terrella" collect --env tworoom --episodes 60 --steps 100 --out tworoom) ;;
  esac
}

if [ "$run" = 1 ]; then
  python3 bench/results.py todo "$folder" "$commit" >"$asked/todo"
  while IFS=$'\t' read -r log data arguments; do
    [ "$data" = - ] || recordings "$data"
    echo "$(date +%T) terrella $arguments"
    # Arguments hold no blanks: results.py makes them.
    # shellcheck disable=SC2086
    (cd "$folder" && "$terrella" $arguments </dev/null >>"$log" 2>&1) || { tail -n 5 "$folder/$log" >&2; exit 1; }
  done <"$asked/todo"
fi
python3 bench/results.py collect "$folder" "$commit"
python3 bench/results_pages.py write
