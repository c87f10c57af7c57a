#!/usr/bin/env bash
# Measures Terrella beside PyTorch, gym-pusht and LeRobot on this machine, prints Markdown and appends
# it to docs/benchmarks.md with command, commit and machine.
#
# usage: bench/run.sh [ARGUMENTS OF torch_model.py]     (--tasks xs, --no-compile, --rounds 15, ...)
#
# TERRELLA_TORCH_VENV   PyTorch's virtual environment (shared with tests/judges/lewm_twin.sh)
# TERRELLA_BENCH_APPEND set to 0 to leave docs/benchmarks.md alone
#
# Worlds and loader are measured too where the judges' environments exist (tests/judges/*.sh make them).
set -euo pipefail
cd "$(dirname "$0")/.."
target=${CARGO_TARGET_DIR:-target}
venv=${TERRELLA_TORCH_VENV:-${XDG_CACHE_HOME:-$HOME/.cache}/terrella/torch-2.15.0}
if ! "$venv/bin/python" -c "import torch, safetensors" 2>/dev/null; then
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet torch==2.15.0 safetensors==0.8.0 numpy==2.4.6
fi
cargo build --release --quiet -p terrella-model --example bench_model

# OpenMP's threads spin while they wait. That is best on a quiet machine and ruinous on a busy one,
# where it would flatter us: let them sleep there.
busy=$(awk '{ print ($1 > 0.5) }' /proc/loadavg)
if [ "$busy" = 1 ]; then
    export OMP_WAIT_POLICY=${OMP_WAIT_POLICY:-passive}
fi

report=$(mktemp)
trap 'rm -f "$report"' EXIT
{
    echo "### $(date -u +%F) · $(git rev-parse --short HEAD)$(git diff --quiet HEAD -- crates || echo ' with local changes')"
    echo
    echo "\`bench/run.sh $*\` · $(lscpu | sed -n 's/^Model name: *//p'), $(nproc) cores, $(lscpu | sed -n 's/^L3 cache: *//p') L3 ·" \
        "$(rustc --version | cut -d' ' -f1,2) · OMP_WAIT_POLICY=${OMP_WAIT_POLICY:-default}"
    echo
    "$venv/bin/python" bench/torch_model.py "$target/release/examples/bench_model" "$@"
    echo
} | tee "$report"

worlds=${JUDGE_VENV:-target/judges/pusht}
if [ -f bench/env_speed.py ] && [ -x "$worlds/bin/python" ]; then
    cargo build --release --quiet -p terrella-env --example speed
    { echo '```text'; "$worlds/bin/python" bench/env_speed.py "$target/release/examples/speed"; echo '```'; echo; } | tee -a "$report"
else
    echo "worlds not measured: tests/judges/pusht_replay.sh makes the environment" >&2
fi
lerobot=${TERRELLA_JUDGE_VENV:-$target/judges/lerobot-0.4.4}
dataset=${TERRELLA_BENCH_DATASET:-$target/judges/pusht-dataset}
if [ -f bench/loader_speed.py ] && [ -x "$lerobot/bin/python" ] && [ -e "$dataset" ]; then
    cargo build --release --quiet -p terrella-formats --example loader_speed
    {
        echo '```json'
        "$lerobot/bin/python" bench/loader_speed.py "$dataset" --loader "$target/release/examples/loader_speed"
        echo '```'
        echo
    } | tee -a "$report"
else
    echo "loader not measured: tests/judges/lerobot_open.sh makes the environment and the dataset" >&2
fi
if [ "${TERRELLA_BENCH_APPEND:-1}" = 1 ]; then
    cat "$report" >> docs/benchmarks.md
fi
