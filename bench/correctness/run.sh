#!/usr/bin/env bash
# Errors of the kernels against float64 on this machine's GPU, and what the sanitizers find in them. Needs nvcc; grid also python3 with PyTorch
# and ninja.
#
#   for type in bf16 fp16 fp32; do
#     npx kernelgen generate --target torch --device h200 --problems bench/correctness/grid.json --dtype $type --lengths --out OUT/$type
#   done                        # and --problems bench/correctness/part.json --dtype fp32 --tf32 --out OUT/tf32
#   bash bench/correctness/run.sh grid OUT/bf16            # random sizes: --problems of node bench/dist/correctness/random-problems.js 24 1
#
#   npx kernelgen generate --target torch --device h200 --cell lstm,gru,elman --head-dim 96 --batch 16 --dtype bf16,fp32 --lengths --out OUT/layers
#   bash bench/correctness/run.sh layers OUT/layers        # and of packages with --forward-clip X, --recurrent-gradient-clip X or -cut
#
#   npx tsc -b && node bench/dist/correctness/prepare.js OUT
#   bash bench/correctness/run.sh build OUT/families && bash bench/correctness/run.sh families OUT/families
#   bash bench/correctness/run.sh build OUT/cost && bash bench/correctness/run.sh cost OUT/cost     # what lengths and clipping cost
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
what=$1
out=$2

options="-O3 -std=c++17 -arch=${ARCH:-native} -DKERNELGEN_LINK_CHECK -I."
export options
build() {
  common=check.o
  case $1 in scan-*) common=scan_check.o ;; esac
  nvcc $options -c -o "$1/check.o" "$1"/*_check.cu >"$1/build.log" 2>&1 &&
    nvcc -arch="${ARCH:-native}" -o "$1/check" "$1/check.o" $common || { echo "$1: build failed"; head -20 "$1/build.log"; }
}
# One line each, which ends with what the last line of all counts.
check() {
  found=$(timeout 20 "$1/check" random 40 2>&1) && echo "$1: right" || echo "$1: WRONG: $found"
}
sanitize() {
  found=$(timeout 60 compute-sanitizer --tool "$2" "$1/check" random 20 2>&1) &&
    grep -qE 'ERROR SUMMARY: 0 errors|RACECHECK SUMMARY: 0 hazards' <<<"$found" &&
    echo "sanitizer $1, $2: clean" || echo "sanitizer $1, $2: NOT CLEAN: $(tail -c 2000 <<<"$found")"
}
export -f build check sanitize

case $what in
  grid) python3 "$here/check.py" "$out" "${@:3}" ;;
  layers) python3 "$here/layers.py" "$out" ;;
  build)
    cd "$out"
    for common in check scan_check; do
      [ ! -e $common.cpp ] || nvcc -x cu $options -c -o $common.o $common.cpp &
    done
    wait
    printf '%s\n' */ | tr -d / | xargs -P "$(nproc)" -I{} bash -c 'build {}'
    ;;
  families)
    cd "$out"
    nvidia-smi --query-gpu=name,driver_version,clocks.max.sm --format=csv,noheader
    names=$(printf '%s\n' */ | tr -d /)
    {
      xargs -P 4 -I{} bash -c 'check {}' <<<"$names"
      # Programs of their own, which take turns on the GPU: most of a run is its start.
      for tool in memcheck racecheck synccheck initcheck; do sed "s/$/ $tool/" <<<"$names"; done |
        xargs -P 12 -L 1 bash -c 'sanitize "$@"' -
    } | tee families.log
    right=$(grep -c ': right$' families.log) clean=$(grep -c ': clean$' families.log) count=$(wc -l <<<"$names")
    echo "$right of $count kernels right, $clean of $((4 * count)) runs of sanitizers clean"
    [ "$right" -eq "$count" ] && [ "$clean" -eq $((4 * count)) ]
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
  *) echo "usage: run.sh grid|layers|build|families|cost OUT" >&2; exit 2 ;;
esac
