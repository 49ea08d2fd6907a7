import { createHash } from "node:crypto";
import { findDevice } from "hwmodels";
import { describe, expect, it } from "vitest";
import { familiesFor } from "../../../packages/kernelgen/src/families.js";
import { planHash } from "../../../packages/kernelgen/src/plan/hash.js";
import type { Plan } from "../../../packages/kernelgen/src/plan/plan.js";
import { planToJson } from "../../../packages/kernelgen/src/plan/plan-json.js";
import { defineProblem } from "../../../packages/kernelgen/src/plan/problem.js";
import { solvePlan } from "../../../packages/kernelgen/src/plan/solve.js";

const device = findDevice("h200");
const { hash, ...plan } = solvePlan(
  defineProblem({ cell: "lstm", headDim: 20, heads: 2, batch: 3 }),
  device,
  familiesFor(device),
).plan;

/** JSON with the keys of every object in order, written out by hand. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const fields = value as Record<string, unknown>;
  const entries = Object.keys(fields)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonical(fields[key])}`);
  return `{${entries.join(",")}}`;
}

/** The same data with the keys of every object in the opposite order. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, field]) => [key, reversed(field)]),
  );
}

/** Every copy of the data in which one number or text has changed, with the path to it. */
function* changes(value: unknown, path = ""): Generator<[path: string, changed: unknown]> {
  if (typeof value === "number") yield [path, value + 1];
  if (typeof value === "string") yield [path, `${value}!`];
  if (typeof value !== "object" || value === null) return;
  for (const [key, field] of Object.entries(value)) {
    for (const [where, changed] of changes(field, `${path}/${key}`)) {
      const copy: unknown = Array.isArray(value) ? value.with(Number(key), changed) : { ...value, [key]: changed };
      yield [where, copy];
    }
  }
}

describe("planHash", () => {
  it("is the beginning of the SHA-256 of the plan's JSON with its keys in order", () => {
    const text = canonical(planToJson(plan));
    expect(planHash(plan)).toBe(createHash("sha256").update(text).digest("hex").slice(0, 16));
  });

  it("is what a solved plan carries", () => expect(hash).toBe(planHash(plan)));

  it("does not depend on the order of keys", () => {
    const turned = reversed(plan) as Omit<Plan, "hash">;
    expect(Object.keys(turned)).toEqual(Object.keys(plan).reverse());
    expect(planHash(turned)).toBe(hash);
  });

  it("differs for any other number or name", () => {
    const hashes = new Map<string, string>([[hash, "the plan itself"]]);
    for (const [path, changed] of changes({ ...plan, problem: { ...plan.problem, cell: undefined } })) {
      const changedPlan = changed as Omit<Plan, "hash">;
      const other = planHash({ ...changedPlan, problem: { ...changedPlan.problem, cell: plan.problem.cell } });
      expect(hashes.get(other), `${path} has no influence`).toBeUndefined();
      hashes.set(other, path);
    }
    // Problem, device, parameters, derived quantities, launch, budgets and prediction: all took part.
    const places = new Set([...hashes.values()].map((path) => path.split("/")[1]));
    expect([...places].filter((place) => place !== undefined).sort()).toEqual(Object.keys(plan).sort());
  });
});
