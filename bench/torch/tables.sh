#!/usr/bin/env bash
# Times a PyTorch package and its peers on this machine's GPU. Needs python3 with PyTorch and Triton, nvcc, gcc and ninja.
#
#   npx kernelgen generate --target torch --device h200 --problems bench/torch/problems.json --out PACKAGE
#   bash bench/torch/tables.sh prepare PACKAGE              compiles the peers, so that a run does not
#   bash bench/torch/tables.sh run PACKAGE OUT.json         first use, later start, tables
#
# The first use compiles the package, unless TORCH_EXTENSIONS_DIR names a folder that holds it already.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
export PYTHONDONTWRITEBYTECODE=1
if [ "$1" = prepare ]; then
  exec python3 "$here/tables.py" prepare "$2"
fi
export TORCH_EXTENSIONS_DIR=${TORCH_EXTENSIONS_DIR:-$(mktemp -d)}
nvidia-smi --query-gpu=name,driver_version,clocks.max.sm --format=csv,noheader
for start in first later; do python3 "$here/first_use.py" "$2"; done | tee "$3.first-use"
exec python3 "$here/tables.py" run "$2" "$3" "$3.first-use"
