#!/usr/bin/env bash
# Builds, checks and times the scans that prepare.js wrote, on this machine's GPU. Needs nvcc and PyTorch.
#
#   bash bench/scan/run.sh OUT [PEERS]
#
# PEERS: a directory with the package accelerated_scan (github.com/proger/accelerated-scan); without it that peer is left out.
set -uo pipefail
cd "$1"
export PYTHONPATH="${2:-}"
nvidia-smi --query-gpu=name,driver_version,clocks.max.sm --format=csv,noheader

build() {
  (cd "$1" && nvcc -O3 -std=c++17 -arch=native -Xcompiler -fPIC -shared -o library.so library.cu &&
    case "$1" in long_*) nvcc -O3 -std=c++17 -arch=native -o check ./*_check.cu ;; esac) >"$1/build.log" 2>&1 ||
    { echo "$1: build failed"; head -20 "$1/build.log"; }
}
export -f build
printf '%s\n' */ | tr -d / | xargs -P "$(nproc)" -I{} bash -c 'build {}'

python3 peers.py
for name in long_*/; do
  (cd "$name" && ./check random 65536 1 | grep error && ./check random 65536 2 10 | grep error && ./check time 65536)
done
(cd long_mingru_forward_fp32 && ./check random 1048576 3 | grep error)
for name in long_*_fp32/; do
  for tool in memcheck racecheck; do
    echo "$name: compute-sanitizer $tool: $(cd "$name" && compute-sanitizer --tool $tool ./check random 1500 3 2>&1 | grep SUMMARY)"
  done
done
