#!/usr/bin/env bash
# Measures the ensemble beside its PyTorch twin on this machine, in the same run, and prints Markdown.
#
# usage: bench/ensemble_torch.sh [ARGUMENTS OF ensemble_torch.py]     (--rounds 15, --seconds 30)
#
# TERRELLA_TORCH_VENV   PyTorch's virtual environment (shared with bench/run.sh)
set -euo pipefail
cd "$(dirname "$0")/.."
target=${CARGO_TARGET_DIR:-target}
venv=${TERRELLA_TORCH_VENV:-${XDG_CACHE_HOME:-$HOME/.cache}/terrella/torch-2.15.0}
if ! "$venv/bin/python" -c "import torch, safetensors" 2>/dev/null; then
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet torch==2.15.0 safetensors==0.8.0 numpy==2.4.6
fi
cargo build --release --quiet -p terrella-model --example bench_ensemble

# As in run.sh: spinning threads on a busy machine would flatter us.
busy=$(awk '{ print ($1 > 0.5) }' /proc/loadavg)
if [ "$busy" = 1 ]; then
    export OMP_WAIT_POLICY=${OMP_WAIT_POLICY:-passive}
fi
echo "### $(date -u +%F) · the ensemble · $(git rev-parse --short HEAD)$(git diff --quiet HEAD -- crates || echo ' with local changes')"
echo
echo "\`bench/ensemble_torch.sh $*\` · $(lscpu | sed -n 's/^Model name: *//p'), $(nproc) cores, $(lscpu | sed -n 's/^L3 cache: *//p') L3 ·" \
    "$(rustc --version | cut -d' ' -f1,2) · OMP_WAIT_POLICY=${OMP_WAIT_POLICY:-default} · load $(cut -d' ' -f1 /proc/loadavg)"
echo
"$venv/bin/python" bench/ensemble_torch.py "$target/release/examples/bench_ensemble" "$@"
