// The CPU's columns of the table of the CS179 write-up: minGRU and minLSTM, 64 channels, one sequence, fp32, one thread.
//
//   node bench/dist/scan/cpu.js [--json]      under two minutes
//
// Milliseconds of processor time, so that what else runs on the machine counts little; of many runs the one that took least.
import { cpus } from "node:os";
import { defineProblem, randomInputs, type ScanAlgorithm, scanForward } from "kernelgen";

const stepCounts = [256, 1024, 4096, 16384, 65536];
const ways = { sequential: "CPU sequential", scan: "CPU scan" } as const satisfies Partial<
  Record<ScanAlgorithm, string>
>;
/** Processor time for the runs of one entry, and how many there are at least. */
const budgetMilliseconds = 3000;
const leastRuns = 3;

/** The least processor time of a run, in milliseconds. */
function leastMilliseconds(run: () => unknown): number {
  let least = Infinity;
  let spent = 0;
  for (let count = 0; count < leastRuns || spent < budgetMilliseconds; count++) {
    const before = process.cpuUsage();
    run();
    const { user, system } = process.cpuUsage(before);
    const milliseconds = (user + system) / 1000;
    least = Math.min(least, milliseconds);
    spent += milliseconds;
  }
  return least;
}

const rows = ["mingru", "minlstm"].flatMap((cell) =>
  stepCounts.map((steps) => {
    process.stderr.write(`${cell}, ${steps} steps\n`);
    const problem = defineProblem({ cell, headDim: 64, batch: 1, steps, dataType: "fp32" });
    const inputs = Object.fromEntries(
      Object.entries(randomInputs(problem, 1)).map(([name, values]) => [name, Float32Array.from(values)]),
    );
    const [sequential, scan] = (Object.keys(ways) as (keyof typeof ways)[]).map((algorithm) =>
      leastMilliseconds(() => scanForward(problem, inputs, { algorithm })),
    ) as [number, number];
    return { cell, steps, sequential, scan };
  }),
);

if (process.argv.includes("--json")) {
  console.log(JSON.stringify({ processor: cpus()[0]?.model, rows }));
} else {
  console.log(`${cpus()[0]?.model}, node ${process.version}\n`);
  console.log(`| cell | T | ${Object.values(ways).join(" | ")} | scan / sequential |\n| --- | --- | --- | --- | --- |`);
  for (const { cell, steps, sequential, scan } of rows) {
    console.log(
      `| ${cell} | ${steps} | ${sequential.toPrecision(3)} | ${scan.toPrecision(3)} | ${(scan / sequential).toFixed(2)} |`,
    );
  }
  for (const cell of ["mingru", "minlstm"]) {
    const [first, last] = [rows.find((row) => row.cell === cell)!, rows.findLast((row) => row.cell === cell)!];
    const growth = (way: keyof typeof ways): string =>
      `T^${(Math.log(last[way] / first[way]) / Math.log(last.steps / first.steps)).toFixed(2)}`;
    console.log(`| ${cell} | grows as | ${growth("sequential")} | ${growth("scan")} | |`);
  }
}
