import { checkSource } from "../cuda/check/check-source.js";
import { supportFiles } from "../cuda/support-files.js";
import type { GeneratedFile } from "../generate.js";
import { kernelName } from "../plan/kernel-name.js";
import { unmeasured } from "./measurement.js";
import type { RandomTiling } from "./random-tilings.js";

/** The script that measures, the file it writes, and where the kernels lie beside it. */
export const scriptName = "measure.sh";
export const resultsName = "results.json";
/** Steps of the comparison with the reference on the CPU, which takes far longer than the kernel. */
const checkedSteps = 8;

/** The files that measure tilings on a machine with nvcc and the GPU, and without node: the kernels' sources and a script. */
export function measuringFiles(tilings: readonly RandomTiling[]): readonly GeneratedFile[] {
  const kernels = tilings.flatMap(({ plan, family }): GeneratedFile[] => {
    const { pass, cell, headDim, heads } = plan.problem;
    const name = `${cell.name}-${pass}-${headDim}x${heads}-${family.name}-${plan.hash}`;
    const check = checkSource(plan);
    const sources = [...family.emit(plan), check].map(({ name, text }) => ({ name, content: text }));
    // The script adds the time to this object's end.
    const entry = { name: "measurement.json", content: `${JSON.stringify(unmeasured(name, plan))}\n` };
    const main = { name: "main.cu", content: `#include "${kernelName(plan.problem)}_check.cu"\n` };
    return [...sources, main, entry].map((file) => ({ ...file, name: `kernels/${name}/${file.name}` }));
  });
  const support = supportFiles().map((file) => ({ ...file, name: `include/${file.name}` }));
  return [...kernels, ...support, { name: scriptName, content: script }];
}

const script = `#!/usr/bin/env bash
# Builds, checks and times the kernels beside this script on this machine's GPU, and writes ${resultsName}. Needs nvcc.
#
#   bash ${scriptName}          both
#   bash ${scriptName} build    the programs alone, on all cores
set -uo pipefail
cd "$(dirname "$0")"

build() {
  [ -x "kernels/$1/main" ] && return
  (cd "kernels/$1" && nvcc -O3 -std=c++17 -arch=native -I../../include -Xptxas -v -o main main.cu >build.log 2>&1) ||
    echo "$1: does not build, see kernels/$1/build.log"
}
export -f build
ls kernels | xargs -P "$(nproc)" -I{} bash -c 'build {}'
[ "\${1:-}" = build ] && exit

total=$(ls kernels | wc -l)
done=0
: >${resultsName}.partial
for name in $(ls kernels); do
  done=$((done + 1))
  [ -x "kernels/$name/main" ] || continue
  if ! (cd "kernels/$name" && timeout 60 ./main random ${checkedSteps}) >"kernels/$name/check.log" 2>&1; then
    echo "$done/$total $name: wrong result, see kernels/$name/check.log"
    continue
  fi
  time=$(cd "kernels/$name" && timeout 60 ./main time | grep -o '[0-9.]* us a step' | grep -o '^[0-9.]*')
  if [ -n "$time" ]; then
    # The object's closing brace makes way for the time.
    sed "s/}\\$/,\\"microseconds\\":$time}/" "kernels/$name/measurement.json" >>${resultsName}.partial
  fi
  echo "$done/$total $name: \${time:-no time} us a step"
done
mv ${resultsName}.partial ${resultsName}
`;
