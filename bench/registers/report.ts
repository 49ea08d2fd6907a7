// Makes a page of bench/results of what record.js recorded: the estimate of today's model beside what ptxas did.
//
//   node bench/dist/registers/report.js RECORDED.jsonl… > PAGE.md
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { evaluate, Model } from "constrint";
import { findDevice } from "hwmodels";
import { defineProblem, familiesFor } from "kernelgen";
import type { Row } from "./row.js";

interface Compared extends Row {
  readonly estimated: number;
  readonly pass: string;
}

const files = process.argv.slice(2);
if (files.length === 0) throw new Error("usage: report.js RECORDED.jsonl…");
const recorded = files.flatMap((file) =>
  readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Row),
);

/** The estimate of a tiling, whether the model still allows it or not; undefined where the family has no such tiling any more. */
function estimateOf({ device: id, problem: options, family: name, parameters }: Row): number | undefined {
  const device = findDevice(id);
  const problem = defineProblem(options);
  const model = new Model();
  const tiling = familiesFor(device, problem)
    .find((family) => family.name === name)!
    .tile(problem, device, model);
  for (const unknown of tiling.unknowns) {
    const value = parameters[unknown.name];
    if (value === undefined) return undefined;
    model.add(unknown.eq(value));
  }
  const { solution } = model.solve();
  return solution && evaluate(tiling.derived.estimatedRegisters!, solution);
}

const compared: Compared[] = recorded.flatMap((row) => {
  const estimated = estimateOf(row);
  return estimated === undefined ? [] : [{ ...row, estimated, pass: row.problem.pass ?? "forward" }];
});
const needed = compared.filter((row): row is Compared & { needed: number } => row.needed !== undefined);
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const fixed = (value: number): string => (Math.abs(value) < 0.05 ? "0" : value.toFixed(1).replace("-", "−"));
/** A statistic of each group: pass and family, and device. */
const groups = [
  ...[...new Set(compared.map(({ pass, family }) => `${pass}, ${family}`))].sort(),
  ...new Set(compared.map(({ device }) => device)),
];
const most = 255;
const allowed = compared.filter(({ estimated }) => estimated <= most);
const spilling = allowed.filter(({ spilledBytes }) => spilledBytes > 0);
const git = (...given: string[]): string => execFileSync("git", given, { encoding: "utf8" }).trim();
const compiler = /V[\d.]+/.exec(execFileSync("nvcc", ["--version"], { encoding: "utf8" }))?.[0];

console.log(`# Registers: the estimate and ptxas, ${new Date().toISOString().slice(0, 10)}

The estimate of \`packages/kernelgen/src/cuda/on-chip/on-chip-family.ts\` (fragments of R, accumulators, operands, inputs on their way, states, results held,
addresses, and what exchanges take) beside what ptxas ${compiler} does with ${compared.length} kernels. Needed: the fewest registers, in steps of eight, with which
ptxas spills nothing (\`.maxnreg\` in place of the launch bounds). It may use more than that where the launch bounds allow it, which says nothing.

Commit ${git("rev-parse", "--short", "HEAD")}. Of ${allowed.length} kernels whose estimate is allowed (up to ${most}), ${spilling.length} spill.

| pass, family; device | kernels | estimate − needed: mean | root mean square | least | most | needed more than estimated | spill |
| -------------------- | ------- | ----------------------- | ---------------- | ----- | ---- | -------------------------- | ----- |`);
for (const group of [...groups, "all"]) {
  const isOfGroup = ({ device, pass, family }: Compared): boolean =>
    ["all", device, `${pass}, ${family}`].includes(group);
  const differences = needed.filter(isOfGroup).map((row) => row.estimated - row.needed);
  const beyond = compared.filter(isOfGroup).filter((row) => (row.needed ?? Infinity) > row.estimated);
  const cells = [
    group,
    compared.filter(isOfGroup).length,
    fixed(mean(differences)),
    fixed(Math.sqrt(mean(differences.map((difference) => difference ** 2)))),
    fixed(Math.min(...differences)),
    fixed(Math.max(...differences)),
    beyond.length,
    spilling.filter(isOfGroup).length,
  ];
  console.log(`| ${cells.join(" | ")} |`);
}
console.log(`
Kernels that need more than their estimate, or spill:

| device | problem | family | plan | estimated | used | needed | spilled, B |
| ------ | ------- | ------ | ---- | --------- | ---- | ------ | ---------- |`);
for (const row of compared.filter((row) => (row.needed ?? Infinity) > row.estimated || row.spilledBytes > 0)) {
  const { device, problem, pass, family, parameters, estimated, used, spilledBytes } = row;
  const name = `${problem.cell} ${problem.headDim}x${problem.heads} ${problem.dataType}${problem.tf32 ? " (tf32)" : ""}, batch ${problem.batch}, ${pass}`;
  console.log(
    `| ${device} | ${name} | ${family} | ${Object.values(parameters).join(" ")} | ${estimated} | ${used} | ${row.needed ?? `over ${most}`} | ${spilledBytes} |`,
  );
}
