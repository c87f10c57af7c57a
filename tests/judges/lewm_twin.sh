#!/usr/bin/env bash
# Judges size l against its PyTorch twin. Arguments go to lewm_twin.py.
# TERRELLA_TORCH_VENV names the folder of the virtual environment, which bench/ shares; it is made on
# the first run (PyTorch from PyPI: a download of some gigabytes).
set -euo pipefail
cd "$(dirname "$0")/../.."
. tests/judges/common.sh
venv=${TERRELLA_TORCH_VENV:-${XDG_CACHE_HOME:-$HOME/.cache}/terrella/torch-2.15.0}
if ! "$venv/bin/python" -c "import torch, safetensors" 2>/dev/null; then
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet torch==2.15.0 safetensors==0.8.0 numpy==2.4.6
fi
cargo build --release --quiet -p terrella-model --example parity
folder
MIMALLOC_PURGE_DELAY=-1 "$target/release/examples/parity" "$work"
"$venv/bin/python" tests/judges/lewm_twin.py "$work" "$@"
