#!/usr/bin/env bash
# Measures the GPU route (feature vulkan) on a machine that has one: correctness against the CPU,
# training step and planning, memory.
#
# usage: bench/gpu.sh [TASKS]       (a prefix of task names: xs, s, l; default all)
#
# NOT YET RUN: no GPU was available when this was written, so expect to mend it at first use. The
# build takes about ten minutes on two cores. Differences of 1e-3 are to be expected from another
# order of summation; much more means a wrong kernel.
set -euo pipefail
cd "$(dirname "$0")/.."
tasks=${1:-}
target=${CARGO_TARGET_DIR:-target}/gpu
folder=$(mktemp -d)
trap 'rm -rf "$folder"; [ -z "${watch:-}" ] || kill "$watch" 2>/dev/null || true' EXIT
CARGO_TARGET_DIR=$target cargo build --release -p terrella-model --example bench_model --features vulkan
bench=$target/release/examples/bench_model

echo "outputs written by the CPU, run again on the GPU; largest differences:"
"$bench" --cpu --tasks "$tasks" --serve "$folder" < /dev/null > /dev/null
"$bench" --check "$folder"

if command -v nvidia-smi > /dev/null; then
    nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader
    nvidia-smi --query-gpu=memory.used --format=csv,noheader,nounits --loop-ms=200 > "$folder/memory" &
    watch=$!
fi
echo "median milliseconds on the GPU:"
"$bench" --tasks "$tasks"
if [ -n "${watch:-}" ]; then
    echo "most memory in use on the whole GPU: $(sort -n "$folder/memory" | tail -1) MiB (before: $(head -1 "$folder/memory") MiB)"
fi
echo "median milliseconds on this machine's CPU:"
MIMALLOC_PURGE_DELAY=-1 "$bench" --cpu --tasks "$tasks"
