// Plans one configuration in this process, as `kernelgen generate` and builds do, and sends how long that took and what was chosen; with
// "every-family" as `kernelgen config` does, which also finds what each of the other families could do or lacks.
//
// The process has loaded all modules but run nothing: the time is that of a cold start of the solver, without the start of the process.
import { findDevice } from "hwmodels";
import { defineProblem, familiesFor, solvePlan } from "kernelgen";
import { cases } from "./cases.js";

/** What planning took and found. */
export interface PlanningTime {
  readonly milliseconds: number;
  /** Processor time of all threads, those of the compiler and the garbage collector among them. */
  readonly processorMilliseconds: number;
  readonly family: string;
  readonly predictedMicrosecondsPerStep: number;
}

const { device: name, problem: options } = cases[Number(process.argv[2])]!;
const device = findDevice(name);
const problem = defineProblem(options);
const families = familiesFor(device, problem);
const processorBefore = process.cpuUsage();
const startedAt = performance.now();
const { plan } = solvePlan(problem, device, families, {}, { everyFamily: process.argv[3] === "every-family" });
const milliseconds = performance.now() - startedAt;
const { user, system } = process.cpuUsage(processorBefore);
process.send!({
  milliseconds,
  processorMilliseconds: (user + system) / 1000,
  family: plan.family,
  predictedMicrosecondsPerStep: plan.predictedMicrosecondsPerStep,
} satisfies PlanningTime);
