#!/usr/bin/env bash
# Builds, checks and times the kernels that prepare.js wrote, on this machine's GPU. Needs nvcc.
#
#   bash bench/lstm-backward/run.sh OUT [build] [check] [sanitize] [peers]
#
# build: compiles the check programs. check: compares each kernel with float64 on fresh inputs and times it. sanitize: runs compute-sanitizer's
# tools on the small kernels. peers: times the peers; needs python3 with PyTorch.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cd "$1"
more=" ${*:2} "
options="-O3 -std=c++17 -arch=${ARCH:-native} -DKERNELGEN_LINK_CHECK -I."
export options

build() {
  nvcc $options -Xptxas -v -c -o "$1/check.o" "$1"/*_check.cu >"$1/build.log" 2>&1 &&
    nvcc -arch="${ARCH:-native}" -o "$1/check" "$1/check.o" check.o || { echo "$1: build failed"; head -20 "$1/build.log"; }
}
export -f build
if [[ $more == *" build "* ]]; then
  nvcc -x cu $options -c -o check.o check.cpp
  printf '%s\n' */ | tr -d / | xargs -P "$(nproc)" -I{} bash -c 'build {}'
fi

if [[ $more == *" check "* ]]; then
  nvidia-smi --query-gpu=name,driver_version,clocks.max.sm --format=csv,noheader
  for name in */; do
    name=${name%/}
    registers=$(grep -o 'Used [0-9]* registers' "$name/build.log" | grep -o '[0-9]*')
    spills=$(grep -o '[0-9]* bytes spill stores' "$name/build.log" | grep -o '^[0-9]*')
    echo "kernel $name: registers $registers, spilled $spills B"
    timeout 100 "$name/check" random 40 || echo "$name: FAILED"
    timeout 60 "$name/check" time 1024
  done
fi

if [[ $more == *" sanitize "* ]]; then
  for name in small-*/; do
    name=${name%/}
    for tool in memcheck racecheck synccheck initcheck; do
      echo "sanitizer $name, $tool: $(timeout 60 compute-sanitizer --tool $tool "$name/check" random 6 2>&1 | grep -E 'ERROR SUMMARY|RACECHECK SUMMARY' | sed 's/=* *//')"
    done
  done
fi
if [[ $more == *" peers "* ]]; then timeout 120 python3 "$here/peers.py"; fi
