#!/usr/bin/env bash
# Builds, checks and times the kernels that prepare.js wrote, on this machine's GPU, and prints a table. Needs nvcc.
#
#   bash bench/cells-forward/run.sh OUT [sanitize]
#
# sanitize: also runs compute-sanitizer's memcheck and racecheck on the kernels of the odd size.
set -uo pipefail
cd "$1"
nvidia-smi --query-gpu=name,driver_version,clocks.max.sm --format=csv,noheader

build() {
  (cd "$1" && nvcc -O3 -std=c++17 -arch=native -Xptxas -v -Xcompiler -march=native -o check ./*_check.cu >build.log 2>&1) ||
    { echo "$1: build failed"; head -20 "$1/build.log"; }
}
export -f build
printf '%s\n' */ | tr -d / | xargs -P "$(nproc)" -I{} bash -c 'build {}'

echo "| kernel | family | largest error | allowed | registers, estimated | spilled B | µs a step | predicted |"
echo "| --- | --- | --- | --- | --- | --- | --- | --- |"
for name in */; do
  name=${name%/}
  (
    cd "$name"
    field() { grep -o "\"$1\": [^,]*" plan.json | head -1 | sed 's/.*: //; s/"//g'; }
    registers=$(grep -o 'Used [0-9]* registers' build.log | grep -o '[0-9]*')
    spills=$(grep -o '[0-9]* bytes spill stores' build.log | grep -o '[0-9]*')
    lines=$(./check random | grep 'largest error')
    verdict=$(grep -q WRONG <<<"$lines" && echo " WRONG")
    error=$(sed 's/.*largest error \([^ ]*\) .*/\1/' <<<"$lines" | sort -g | tail -1)
    allowed=$(sed 's/.*allowed \([^:]*\):.*/\1/' <<<"$lines" | head -1)
    time=$(./check time | grep -o '[0-9.]* us a step' | grep -o '^[0-9.]*')
    echo "| $name | $(field family) | $error$verdict | $allowed | $registers, $(field estimatedRegisters) | $spills | $time | $(field predictedMicrosecondsPerStep) |"
  )
done

if [[ " ${*:2} " == *" sanitize "* ]]; then
  for name in *-50x3; do
    for tool in memcheck racecheck; do
      echo "$name: compute-sanitizer $tool: $(cd "$name" && compute-sanitizer --tool $tool ./check random 8 2>&1 | grep -E 'ERROR SUMMARY|RACECHECK SUMMARY' | sed 's/=* *//')"
    done
  done
fi
