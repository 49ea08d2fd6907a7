// Whether LSTM heads of every size up to the largest that fits on the chip have a tiling that keeps R there.
//
//   node bench/dist/planning/holes.js [--step 8] [--batch 16] [--dtype bf16] [--streamed] [--most 4096] [DEVICE …]
//
// For each device (a100, h100, h200 and rtx4090 if left out): the largest head with such a tiling, of multiples of the step, and the heads
// below it that have none. With --streamed, kernels may read a part of R anew in every step, and heads up to --most are looked at.
import { parseArgs } from "node:util";
import { type CudaDevice, findDevice } from "hwmodels";
import { type DataType, defineProblem, familiesFor, solveFamily } from "kernelgen";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    step: { type: "string", default: "8" },
    batch: { type: "string", default: "16" },
    dtype: { type: "string", default: "bf16" },
    streamed: { type: "boolean", default: false },
    most: { type: "string", default: "4096" },
  },
});
const step = Number(values.step);
const batch = Number(values.batch);
const most = Number(values.most);
/** Heads that are looked at beyond the largest found so far: a hole is not mistaken for the end. */
const beyond = 512;

/** What a family that could read a part of R anew in every step calls that part. */
const streamedUnknowns = ["innerTilesStreamed", "chunksStreamed"];

/** The first family that keeps R on the chip and has a tiling of this head; undefined if none has. */
function familyThatFits(device: CudaDevice, headDim: number): string | undefined {
  const problem = defineProblem({ cell: "lstm", headDim, batch, dataType: values.dtype as DataType });
  for (const family of familiesFor(device, problem)) {
    if (family.name === "stepwise") continue;
    const withoutReasons = { withoutReasons: true };
    const { plan } = solveFamily(problem, device, family, {}, withoutReasons);
    if (plan === undefined) continue;
    const streamed = streamedUnknowns.find((name) => name in plan.parameters);
    if (values.streamed || streamed === undefined || plan.parameters[streamed] === 0) return family.name;
    // The fastest tiling reads a part of R anew; there may be a slower one that does not.
    if (solveFamily(problem, device, family, { [streamed]: 0 }, withoutReasons).plan !== undefined) return family.name;
  }
  return undefined;
}

console.log("| device | heads looked at | largest on chip | families | holes below it |");
console.log("| --- | --- | --- | --- | --- |");
for (const name of positionals.length > 0 ? positionals : ["a100", "h100", "h200", "rtx4090"]) {
  const device = findDevice(name) as CudaDevice;
  const without: number[] = [];
  const largestOf = new Map<string, number>();
  let largest = 0;
  let count = 0;
  for (let headDim = step; headDim <= Math.min(most, largest + beyond); headDim += step, count++) {
    const family = familyThatFits(device, headDim);
    if (family === undefined) {
      without.push(headDim);
    } else {
      largest = headDim;
      largestOf.set(family, headDim);
    }
  }
  const holes = without.filter((headDim) => headDim < largest);
  const families = [...largestOf].map(([family, headDim]) => `${family} up to ${headDim}`).join(", ");
  console.log(`| ${name} | ${count} | ${largest} | ${families} | ${holes.join(", ") || "none"} |`);
}
