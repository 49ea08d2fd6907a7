#!/usr/bin/env bash
# Checks and times a PyTorch package on this machine's GPU. Needs python3 with PyTorch and Triton, nvcc and ninja.
#
#   npx kernelgen generate --target torch --device h200 --problems bench/torch/problems.json --out OUT
#   bash bench/torch/run.sh OUT
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
nvidia-smi --query-gpu=name,driver_version,clocks.max.sm --format=csv,noheader
python3 "$here/first_use.py" "$1" cold
python3 "$here/first_use.py" "$1" warm
python3 "$here/check.py" "$1"
python3 "$here/time_layers.py" "$1"
