#!/usr/bin/env bash
# Checks a PyTorch package on this machine's GPU. Needs python3 with PyTorch, nvcc and ninja.
#
#   npx kernelgen generate --target torch --device h200 --problems bench/torch/problems.json --out PACKAGE
#   bash bench/torch/check.sh PACKAGE
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
nvidia-smi --query-gpu=name,driver_version,clocks.max.sm --format=csv,noheader
python3 "$here/check.py" "$1"
