#!/bin/sh
# Fuzzes every reader: nothing may panic, no read may take more than 2 GiB or 10 seconds.
# usage: fuzz/run.sh [EXECUTIONS] [TARGET …]     (needs a nightly compiler and cargo-fuzz; ffmpeg for mp4)
set -eu
cd "$(dirname "$0")/.."
runs="${1:-1000000}"
[ $# -gt 0 ] && shift
[ $# -gt 0 ] || set -- lerobot rlds zarr hdf5 csv json npy npz parquet tar mapping mcap mp4 ulog crazyflie
corpus="fuzz/corpus"
# No address sanitizer: the readers forbid unsafe code, and executions count.
flags="--sanitizer none --features video"
cargo run --quiet --release --manifest-path fuzz/Cargo.toml --features video --example seeds -- "$corpus"
if command -v ffmpeg >/dev/null; then
    ffmpeg -loglevel error -y -f lavfi -i testsrc=size=32x32:rate=5 -t 1 -g 2 -bf 0 -pix_fmt yuv420p -f mp4 "$corpus/mp4/seed-0"
fi
for target in "$@"; do
    # shellcheck disable=SC2086
    cargo +nightly fuzz run $flags "$target" -- -runs="$runs" -rss_limit_mb=2048 -malloc_limit_mb=2048 -timeout=10 2>"fuzz/$target.log" ||
        { tail -n 40 "fuzz/$target.log"; exit 1; }
    grep -E "^(Done|stat::)|DONE" "fuzz/$target.log" | tail -n 1 | sed "s/^/$target: /"
done
