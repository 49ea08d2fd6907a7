// Compiles kernels and records the registers that ptxas gives them, for the comparison with the model's estimate.
//
//   node bench/dist/registers/record.js OUT.jsonl bench [DEVICE…]            needs nvcc, no GPU
//   node bench/dist/registers/record.js OUT.jsonl scan [DEVICE…]
//   node bench/dist/registers/record.js OUT.jsonl TILINGS.jsonl [DEVICE [SHARE]]
//
// bench: the plan of every family for the problems of bench/lstm-forward and both passes, on an H200, an A100 and an RTX 4090 or the
// devices given. scan: kernels of linear recurrences, of each problem the fastest by prediction and one further down. TILINGS.jsonl: for a device (h200) the tilings of a file of measurements, every SHARE-th (all); `npx kernelgen calibrate
// --device DEVICE --prepare DIR` draws more, which lie in DIR/kernels/*/measurement.json. Each kernel adds a line to OUT as it is done; what is
// there already is left out, so that a run that was stopped goes on where it was. `report.js OUT.jsonl` makes the page.
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { type CudaDevice, findDevice } from "hwmodels";
import { defineProblem, familiesFor, fastestPlans, type Pins, type Plan, type Problem, solveFamily } from "kernelgen";
import { generateFiles } from "kernelgen/node";
import { benchProblems } from "../lstm-forward/problems.js";
import { registersOf } from "./ptxas.js";
import type { Row } from "./row.js";

const [out, tilings, ...more] = process.argv.slice(2);
if (out === undefined || tilings === undefined) {
  throw new Error("usage: record.js OUT.jsonl bench|scan|TILINGS.jsonl [DEVICE [SHARE]]");
}
const lines = (file: string): unknown[] =>
  readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));

function cudaDevice(id: string): CudaDevice {
  const device = findDevice(id);
  if (device.kind !== "cuda") throw new Error(`${id} is not a CUDA device`);
  return device;
}

interface Wanted {
  readonly device: CudaDevice;
  readonly problem: Problem;
  readonly family: string;
  readonly pins?: Pins;
}

const ofBenchmark = (): readonly Wanted[] =>
  (more.length > 0 ? more : ["h200", "a100", "rtx4090"]).map(cudaDevice).flatMap((device) =>
    benchProblems
      .filter(({ family }) => family === undefined)
      .flatMap(({ options }) => ["forward", "backward"].map((pass) => defineProblem({ ...options, pass })))
      .flatMap((problem) => familiesFor(device, problem).map(({ name: family }) => ({ device, problem, family }))),
  );

/** Linear recurrences, of each the fastest tiling and the one of this rank. */
const laterRank = 12;
const ofScans = (): readonly Wanted[] =>
  (more.length > 0 ? more : ["h200"]).map(cudaDevice).flatMap((device) =>
    ["mingru", "minlstm", "linear"].flatMap((cell) =>
      ["bf16", "fp16", "fp32"].flatMap((dataType) =>
        ["forward", "backward"].flatMap((pass) =>
          [256, 1536].flatMap((headDim) => {
            const problem = defineProblem({ cell, headDim, batch: 16, steps: 4096, dataType, pass });
            const family = familiesFor(device, problem).find(({ name }) => name === "scan")!;
            const { plan } = solveFamily(problem, device, family, {}, { withoutReasons: true });
            const plans = plan === undefined ? [] : fastestPlans(problem, device, [family], {}, plan, laterRank);
            return [plans[0], plans.at(-1)].flatMap((one) =>
              one === undefined ? [] : [{ device, problem, family: "scan", pins: one.parameters }],
            );
          }),
        ),
      ),
    ),
  );

const ofFile = (file: string, device = "h200", share = "1"): readonly Wanted[] =>
  (lines(file) as Pick<Row, "problem" | "family" | "parameters">[])
    .filter((_, index) => index % Number(share) === 0)
    .map(({ problem, family, parameters }) => ({
      device: cudaDevice(device),
      problem: defineProblem(problem),
      family,
      pins: parameters,
    }));

const wanted = tilings === "bench" ? ofBenchmark() : tilings === "scan" ? ofScans() : ofFile(tilings, ...more);
const seen = new Set(existsSync(out) ? (lines(out) as Row[]).map(({ device, hash }) => `${device} ${hash}`) : []);
for (const [index, { device, problem, family: name, pins }] of wanted.entries()) {
  const family = familiesFor(device, problem).find((candidate) => candidate.name === name);
  const plan: Plan | undefined = family && solveFamily(problem, device, family, pins, { withoutReasons: true }).plan;
  const key = `${device.id} ${plan?.hash}`;
  if (plan === undefined || !("estimatedRegisters" in plan.derived) || seen.has(key)) continue;
  seen.add(key);
  const registers = await registersOf(generateFiles(plan, family!), device);
  const row: Row = {
    device: device.id,
    hash: plan.hash,
    problem: { ...problem, cell: problem.cell.name },
    family: name,
    parameters: plan.parameters,
    ...registers,
  };
  appendFileSync(out, `${JSON.stringify(row)}\n`);
  const { cell, pass, headDim, heads, dataType } = problem;
  const { used, spilledBytes, needed = "more than there are" } = registers;
  console.error(
    `${index + 1}/${wanted.length} ${device.id} ${cell.name} ${pass} ${headDim}x${heads} ${dataType} ${name}: estimated ${plan.derived.estimatedRegisters}, used ${used}, needed ${needed}, spilled ${spilledBytes} B`,
  );
}
