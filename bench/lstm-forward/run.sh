#!/usr/bin/env bash
# Builds, checks and times the kernels that prepare.js wrote, on this machine's GPU. Needs nvcc.
#
#   bash bench/lstm-forward/run.sh OUT [sanitize] [peers]
#
# sanitize: also runs compute-sanitizer on the smaller kernels. peers: also times the peers; needs python3 with PyTorch and Triton.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cd "$1"
more=" ${*:2} "
nvidia-smi --query-gpu=name,driver_version,clocks.max.sm --format=csv,noheader

build() {
  (cd "$1" && nvcc -O3 -std=c++17 -arch=native -Xptxas -v -Xcompiler -march=native -o lstm_forward_check lstm_forward_check.cu >build.log 2>&1) ||
    { echo "$1: build failed"; head -20 "$1/build.log"; }
}
export -f build
printf '%s\n' */ | tr -d / | xargs -P "$(nproc)" -I{} bash -c 'build {}'

for name in */; do
  name=${name%/}
  registers=$(grep -o 'Used [0-9]* registers' "$name/build.log" | grep -o '[0-9]*')
  spills=$(grep -o '[0-9]* bytes spill stores' "$name/build.log" | grep -o '[0-9]*')
  predicted=$(grep -o '"estimatedRegisters": [0-9]*' "$name/plan.json" | grep -o '[0-9]*$')
  echo "$name: registers $registers, predicted $predicted, spilled $spills B"
  (
    cd "$name"
    [ -f wx.bin ] && ./lstm_forward_check case .
    ./lstm_forward_check random
    ./lstm_forward_check time
  )
done

if [[ $more == *" sanitize "* ]]; then
  for name in 48x5-fp32 50x2-*; do
    for tool in memcheck racecheck synccheck initcheck; do
      echo "$name: compute-sanitizer $tool: $(cd "$name" && compute-sanitizer --tool $tool ./lstm_forward_check random 8 2>&1 | grep -E 'ERROR SUMMARY|RACECHECK SUMMARY' | sed 's/=* *//')"
    done
  done
fi
if [[ $more == *" peers "* ]]; then python3 "$here/peers.py"; fi
