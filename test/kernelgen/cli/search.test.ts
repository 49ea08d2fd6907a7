import { findDevice } from "hwmodels";
import { describe, expect, it } from "vitest";
import { familiesFor } from "../../../packages/kernelgen/src/families.js";
import { defineProblem, type ProblemOptions } from "../../../packages/kernelgen/src/plan/problem.js";
import { planOf, stateTiling } from "../../../packages/kernelgen/src/plan/stated-tiling.js";
import { runKernelgen } from "./run-kernelgen.js";

const device = findDevice("rtx4090");
const sizes = { cell: "elman", headDim: 40, heads: 2, batch: 5, dataType: "bf16" } as const satisfies ProblemOptions;
const parameters = ["--device", "rtx4090", "--cell", "elman", "--head-dim", "40", "--heads", "2", "--batch", "5"];

async function configJson(...more: readonly string[]) {
  const { exitCode, stdout, stderr } = await runKernelgen("config", ...parameters, ...more, "--json");
  expect([exitCode, stderr]).toEqual([0, ""]);
  return JSON.parse(stdout);
}

/** Every feasible tiling of every family, by plain enumeration. */
const problem = defineProblem(sizes);
const everyPlan = familiesFor(device, problem).flatMap((family) => {
  if (family.refuse(problem, device) !== undefined) return [];
  const stated = stateTiling(problem, device, family);
  return Array.from(stated.model.solutions(), (solution) => planOf(stated, solution));
});

describe("kernelgen config --top", () => {
  it("lists the fastest of all tilings, fastest first", async () => {
    const { top, plan } = await configJson("--top", "25");
    const times = everyPlan.map((each) => each.predictedMicrosecondsPerStep).toSorted((a, b) => a - b);
    expect(top.map((each: { predictedMicrosecondsPerStep: number }) => each.predictedMicrosecondsPerStep)).toEqual(
      times.slice(0, 25),
    );
    expect(top.map((each: { plan: string }) => each.plan)).toContain(plan);
    const hashes = new Set(everyPlan.map(({ hash }) => hash));
    for (const each of top) expect(hashes).toContain(each.plan);
    expect(new Set(top.map((each: { plan: string }) => each.plan)).size).toBe(25);
  });

  it("lists all there are if fewer are", async () => {
    const pins = ["--pin", "warpsAlongUnits=1", "--pin=warpsAlongInner=1", "--pin", "unitGroups=5,columnGroups=1"];
    const { top } = await configJson("--top", "10000", ...pins);
    const pinned = everyPlan.filter(
      ({ parameters: p }) =>
        p.warpsAlongUnits === 1 && p.warpsAlongInner === 1 && p.unitGroups === 5 && p.columnGroups === 1,
    );
    expect(top.length).toBe(pinned.length);
    expect(pinned.length).toBeGreaterThan(0);
  });
});

describe("kernelgen config --explain", () => {
  it("says what is left of each budget and what more of it would give", async () => {
    const config = ["config", "--device", "h200", "--head-dim", "768", "--batch", "16", "--explain", "--json"];
    const { exitCode, stdout } = await runKernelgen(...config);
    expect(exitCode).toBe(0);
    const { explanation, budgets, predictedMicrosecondsPerStep } = JSON.parse(stdout);
    expect(
      explanation.budgets.map(({ name, used, allowed, unit }: Record<string, unknown>) => ({
        name,
        used,
        allowed,
        unit,
      })),
    ).toEqual(budgets);
    const sum = Object.values<number>(explanation.predictedParts).reduce((total, part) => total + part, 0);
    expect(sum).toBeCloseTo(predictedMicrosecondsPerStep, 9);
    for (const { slack, used, allowed } of explanation.budgets) expect(slack).toBe(allowed - used);
    const binding = explanation.budgets.filter(({ binds }: { binds: boolean }) => binds);
    expect(binding.length).toBeGreaterThan(0);
    const { nextBetter } = explanation;
    expect(nextBetter.predictedMicrosecondsPerStep).toBeLessThan(predictedMicrosecondsPerStep);
    expect(nextBetter.exceeded.length).toBeGreaterThan(0);
    for (const { used, allowed } of nextBetter.exceeded) expect(used).toBeGreaterThan(allowed);
    // Each faster tiling exceeds one of the budgets that bind.
    const names = nextBetter.exceeded.map(({ name }: { name: string }) => name);
    expect(binding.some(({ name }: { name: string }) => names.includes(name))).toBe(true);
  });

  it("names sizes that fit where the problem's do not", async () => {
    const config = [
      "config",
      "--device",
      "v100",
      "--dtype",
      "fp32",
      "--batch",
      "16",
      "--family",
      "resident",
      "--explain",
    ];
    const { exitCode, stderr } = await runKernelgen(...config, "--head-dim", "1024");
    expect(exitCode).toBe(1);
    const [, below] =
      /the nearest smaller head dimension with one is (\d+) \(of multiples of 8; asked: 1024\)/.exec(stderr) ?? [];
    expect((await runKernelgen(...config, "--head-dim", below!)).exitCode).toBe(0);
    expect((await runKernelgen(...config, "--head-dim", `${Number(below) + 8}`)).exitCode).toBe(1);
  });
});

describe("kernelgen config --pin refuses", () => {
  it.for([
    [
      "warps=2",
      /^kernelgen: resident has no unknown "warps"; its unknowns: unitsPerThread, .*\n.*grid has no unknown "warps"/s,
    ],
    [
      "warpsAlongInner",
      /^kernelgen: --pin: "warpsAlongInner" is not NAME=VALUE with an integer, such as warpsAlongInner=2\n$/,
    ],
    ["unitGroups=1.5", /"unitGroups=1.5" is not NAME=VALUE with an integer/],
    ["unitGroups=1,unitGroups=2", /^kernelgen: --pin: unitGroups is given twice\n$/],
  ] as const)("%s", async ([pin, message]) => {
    const { exitCode, stderr, stdout } = await runKernelgen("config", ...parameters, "--pin", pin);
    expect([exitCode, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(message);
  });

  it("a list that is not one", async () => {
    const { exitCode, stderr } = await runKernelgen("config", ...parameters, "--top", "0");
    expect([exitCode, stderr]).toEqual([2, "kernelgen: top: 0 is not an integer from 1 to 10000\n"]);
  });
});
