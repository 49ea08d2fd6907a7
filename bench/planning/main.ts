// How long a configuration takes from a cold start of the solver: a new process for each measurement, several for each case.
//
//   node bench/dist/planning/main.js [--every-family] [RUNS]      default: 7 runs
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { cases, type PlanningCase } from "./cases.js";
import type { PlanningTime } from "./one.js";

const everyFamily = process.argv.includes("--every-family");
const runs = Number(process.argv.slice(2).find((argument) => /^\d+$/.test(argument)) ?? 7);

function measure(index: number): Promise<PlanningTime> {
  const child = fork(fileURLToPath(new URL("./one.js", import.meta.url)), [
    String(index),
    ...(everyFamily ? ["every-family"] : []),
  ]);
  return new Promise((resolve, reject) => {
    child.on("message", (time: PlanningTime) => resolve(time));
    child.on("error", reject);
    child.on("exit", (code) => reject(new Error(`the process ended with ${code} and no answer`)));
  });
}

const minimum = (values: readonly number[]): number => Math.min(...values);
const median = (values: readonly number[]): number =>
  values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)]!;

function caseText({ device, problem }: PlanningCase): string {
  const { cell, headDim, heads = 1, batch, dataType = "bf16", pass = "forward" } = problem;
  return `${device} ${cell} ${headDim}x${heads} batch ${batch} ${dataType} ${pass}`;
}

console.log("| configuration | family | µs a step | ms, least | ms, median | processor ms, least | median |");
console.log("| --- | --- | --- | --- | --- | --- | --- |");
for (const [index, planning] of cases.entries()) {
  const times: PlanningTime[] = [];
  for (let run = 0; run < runs; run++) times.push(await measure(index));
  const elapsed = times.map(({ milliseconds }) => milliseconds);
  const processor = times.map(({ processorMilliseconds }) => processorMilliseconds);
  const figures = [minimum(elapsed), median(elapsed), minimum(processor), median(processor)];
  const { family, predictedMicrosecondsPerStep } = times[0]!;
  const cells = [
    caseText(planning),
    family,
    predictedMicrosecondsPerStep.toFixed(3),
    ...figures.map((figure) => figure.toFixed(0)),
  ];
  console.log(`| ${cells.join(" | ")} |`);
}
