#!/usr/bin/env bash
# Errors of the kernels against float64 on this machine's GPU, and what the sanitizers find in them. Needs nvcc; grid also python3 with PyTorch
# and ninja.
#
#   for type in bf16 fp16 fp32; do
#     npx kernelgen generate --target torch --device h200 --problems bench/correctness/grid.json --dtype $type --lengths --out OUT/$type
#   done                        # and --problems bench/correctness/part.json --dtype fp32 --tf32 --out OUT/tf32
#   bash bench/correctness/run.sh grid OUT/bf16
#
#   npx tsc -b && node bench/dist/correctness/prepare.js OUT/families
#   bash bench/correctness/run.sh build OUT/families && bash bench/correctness/run.sh families OUT/families
#
#   bash bench/correctness/run.sh build OUT/cost && bash bench/correctness/run.sh cost OUT/cost     # what lengths and clipping cost
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
what=$1
out=$2

options="-O3 -std=c++17 -arch=${ARCH:-native} -DKERNELGEN_LINK_CHECK -I."
export options
build() {
  nvcc $options -c -o "$1/check.o" "$1"/*_check.cu >"$1/build.log" 2>&1 &&
    nvcc -arch="${ARCH:-native}" -o "$1/check" "$1/check.o" check.o || { echo "$1: build failed"; head -20 "$1/build.log"; }
}
export -f build

case $what in
  grid) python3 "$here/check.py" "$out" ;;
  build)
    cd "$out"
    nvcc -x cu $options -c -o check.o check.cpp
    printf '%s\n' */ | tr -d / | xargs -P "$(nproc)" -I{} bash -c 'build {}'
    ;;
  families)
    cd "$out"
    nvidia-smi --query-gpu=name,driver_version,clocks.max.sm --format=csv,noheader
    for name in */; do
      name=${name%/}
      timeout 20 "$name/check" random 40 || echo "$name: FAILED"
    done
    sanitize() {
      found=$(timeout 60 compute-sanitizer --tool "$2" "$1/check" random 20 2>&1 | grep -E 'ERROR SUMMARY|RACECHECK SUMMARY' | sed 's/=* *//')
      echo "sanitizer $1, $2: ${found:-NO RESULT}"
    }
    for name in */; do
      for tool in memcheck racecheck synccheck initcheck; do sanitize "${name%/}" "$tool" & done
      wait
    done
    ;;
  cost)
    cd "$out"
    nvidia-smi --query-gpu=name,driver_version,clocks.max.sm --format=csv,noheader
    for name in */; do
      name=${name%/}
      timeout 30 "$name/check" random 20 >/dev/null || echo "$name: FAILED"
      echo "$name: $(timeout 30 "$name/check" time 1024)"
    done
    ;;
  *) echo "usage: run.sh grid|build|families|cost OUT" >&2; exit 2 ;;
esac
