#!/usr/bin/env bash
# Builds, checks and times the scans that prepare.js wrote, on this machine's GPU. Needs nvcc and PyTorch.
#
#   bash bench/scan/run.sh OUT [PEERS [build|time|check]]
#
# Without the last, all three.
# PEERS: a directory with the package accelerated_scan (github.com/proger/accelerated-scan); without it that peer is left out.
set -uo pipefail
peers="${2:+$(realpath "$2")}"
what="${3:-all}"
cd "$1"
export PYTHONPATH="$peers"
nvidia-smi --query-gpu=name,driver_version,clocks.max.sm --format=csv,noheader

build() {
  (cd "$1" && nvcc -O3 -std=c++17 -arch=native -Xcompiler -fPIC -shared -o library.so library.cu &&
    case "$1" in long_* | short_*) nvcc -O3 -std=c++17 -arch=native -o check ./*_check.cu ;; esac) >"$1/build.log" 2>&1 ||
    { echo "$1: build failed"; head -20 "$1/build.log"; }
}
export -f build
if [ "$what" = all ] || [ "$what" = build ]; then
  printf '%s\n' *_*/ | tr -d / | xargs -P "$(nproc)" -I{} bash -c 'build {}'
  python3 layers.py build
fi
if [ "$what" = all ] || [ "$what" = time ]; then
  python3 peers.py
  python3 layers.py time
  # The sizes of the CPU's table: 64 channels, one sequence.
  for name in long_mingru_forward_fp32 long_minlstm_forward_fp32; do
    for steps in 256 1024 4096 16384 65536; do (cd $name && ./check time $steps); done
  done
fi
# A check program's errors at so many steps, a seed and a spread of the inputs.
check() { (cd "$1" && ./check random "${@:2}" | grep error | sed "s/$/, spread ${4:-1}/"); }
sanitize() { echo "$1: compute-sanitizer $2: $(cd "$1" && compute-sanitizer --tool "$2" ./check random "$3" 3 2>&1 | grep SUMMARY)"; }
export -f check sanitize
if [ "$what" = all ] || [ "$what" = check ]; then
  python3 layers.py check
  {
    # Gates nearly open or shut, and usual ones. Most of the time goes into references on the CPU.
    for name in long_*/; do printf '%s\n' "$name 65536 1 10" "$name 65536 2 10" "$name 65536 4"; done
    for name in long_*_fp32/; do printf "%s\n" "$name 65536 5 30" "$name 65536 6 30"; done
    for name in long_mingru_forward_fp32 long_mingru_backward_fp32; do echo "$name 1048576 3 10"; done
  } | xargs -P "$(nproc)" -L1 bash -c 'check "$@"' check
  # Barriers and what is read are the same in all types.
  for tool in memcheck racecheck synccheck initcheck; do
    case $tool in memcheck | racecheck) names=(long_*/) ;; *) names=(long_*_fp32/) ;; esac
    for name in "${names[@]}"; do echo "$name $tool 1500"; done
    for name in short_*/; do echo "$name $tool 300"; done
  done | xargs -P "$(nproc)" -L1 bash -c 'sanitize "$@"' sanitize
fi
