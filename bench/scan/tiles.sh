#!/usr/bin/env bash
# Builds and times the tiles that tiles.ts wrote, on this machine's GPU; a JSON line for each tile and number of steps.
#
#   bash bench/scan/tiles.sh OUT [build|time]
set -uo pipefail
cd "$1"
if [ "${2:-build}" = build ]; then
  ls tiles*.cu | xargs -P "$(nproc)" -I{} nvcc -O3 -std=c++17 -arch=native -Xcompiler -fPIC -c {} -o {}.o >&2 || exit 1
  nvcc -shared -o tiles.so tiles*.cu.o >&2 || exit 1
fi
[ "${2:-time}" = time ] && python3 tiles.py
