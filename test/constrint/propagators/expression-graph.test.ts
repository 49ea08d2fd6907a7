import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { interval, valueSet } from "../../../packages/constrint/src/domain/int-domain.js";
import { Outcome } from "../../../packages/constrint/src/engine/propagator.js";
import { Store } from "../../../packages/constrint/src/engine/store.js";
import { GraphMachine } from "../../../packages/constrint/src/propagators/arithmetic/compiled/graph-machine.js";
import { graphProgram } from "../../../packages/constrint/src/propagators/arithmetic/compiled/graph-program.js";
import { ExpressionGraph } from "../../../packages/constrint/src/propagators/arithmetic/expression-graph.js";
import { fixedSeed } from "../random-model.js";

const node = fc.record({
  op: fc.constantFrom("linear", "product", "product", "quotient", "max", "min"),
  operands: fc.array(fc.nat(30), { minLength: 2, maxLength: 4 }),
  coefficients: fc.array(fc.constantFrom(-3, -1, 1, 2, 7), { minLength: 4, maxLength: 4 }),
  constant: fc.integer({ min: -20, max: 20 }),
});

const graphs = fc.record({
  domains: fc.array(
    fc.oneof(
      fc.tuple(fc.integer({ min: -5, max: 40 }), fc.nat(200)).map(([min, width]) => interval(min, min + width)),
      fc.uniqueArray(fc.integer({ min: 0, max: 300 }), { minLength: 1, maxLength: 6 }).map(valueSet),
    ),
    { minLength: 2, maxLength: 5 },
  ),
  nodes: fc.array(node, { minLength: 1, maxLength: 10 }),
  /** Which nodes, and which part of the interval they have, in hundredths of it. */
  required: fc.array(fc.tuple(fc.nat(30), fc.integer({ min: -1, max: 100 }), fc.nat(70)), { maxLength: 4 }),
  defined: fc.array(fc.tuple(fc.nat(30), fc.integer({ min: -1, max: 100 }), fc.nat(70)), { maxLength: 2 }),
});

/** A graph on a store of its own, the same each time. */
function build({ domains, nodes, required, defined }: typeof graphs extends fc.Arbitrary<infer T> ? T : never) {
  const store = new Store();
  store.sink = { notify() {} };
  const graph = new ExpressionGraph();
  const added = domains.map((domain) => graph.variable(store.addVariable(domain), domain.min, domain.max));
  const pick = (index: number): number => added[index % added.length]!;
  for (const { op, operands, coefficients, constant } of nodes) {
    const picked = [...new Set(operands.map(pick))];
    const built =
      op === "linear"
        ? graph.linear(picked, coefficients.slice(0, picked.length), constant)
        : op === "product"
          ? graph.product(operands.slice(0, 3).map(pick))
          : op === "quotient"
            ? graph.quotient(pick(operands[0]!), pick(operands[1]!))
            : graph.extremum(op, picked);
    if (built !== undefined) added.push(built);
  }
  const partOf = (node: number, percent: number): number => {
    const [low, high] = [graph.rootLow(node), graph.rootHigh(node)];
    return Math.min(low + Math.floor((high - low) * (percent / 100)), Number.MAX_SAFE_INTEGER);
  };
  for (const [index, from, width] of required) {
    graph.require(pick(index), partOf(pick(index), from), partOf(pick(index), from + width));
  }
  for (const [index, from, width] of defined) {
    const [min, max] = [partOf(pick(index), from), partOf(pick(index), from + width)];
    graph.define(pick(index), store.addVariable(interval(min, max)));
  }
  const bounds = () => graph.scope.map((x) => [store.min(x), store.max(x)]);
  return { store, graph, bounds };
}

/** Runs until nothing changes; what is left, and undefined where nothing is. */
function fixpoint(run: () => Outcome, bounds: () => number[][]): { ended: Outcome; bounds: number[][] } | undefined {
  for (;;) {
    const ended = run();
    if (ended === Outcome.failed) return undefined;
    if (ended !== Outcome.changed) return { ended, bounds: bounds() };
  }
}

describe("the WebAssembly of expression graphs", () => {
  const machine = GraphMachine.shared()!;

  it("is what its program builds", async () => {
    const base64 = Buffer.from(graphProgram()).toString("base64");
    const lines = (base64.match(/.{1,100}/g) ?? []).map((line) => `  "${line}",\n`);
    const file = `/**
 * The module that \`graphProgram\` of graph-program.ts builds, in base64, so that no solver has to build it when it starts.
 * Its test writes this file again with \`npx vitest run test/constrint/propagators/expression-graph.test.ts -u\`.
 *
 * @internal
 */
export const graphProgram = [
${lines.join("")}].join("");
`;
    const path = "../../../packages/constrint/src/propagators/arithmetic/compiled/graph-program-bytes.ts";
    await expect(file).toMatchFileSnapshot(fileURLToPath(new URL(path, import.meta.url)));
  });

  it("narrows as the same graph does in JavaScript", () => {
    let [narrowed, failed] = [0, 0];
    fc.assert(
      fc.property(graphs, (recipe) => {
        const [here, there] = [build(recipe), build(recipe)];
        const before = here.bounds();
        const expected = fixpoint(() => here.graph.propagateOnce(here.store), here.bounds);
        expect(fixpoint(() => machine.propagate(there.graph, there.store), there.bounds)).toEqual(expected);
        if (expected === undefined) failed++;
        else if (JSON.stringify(expected.bounds) !== JSON.stringify(before)) narrowed++;
      }),
      { ...fixedSeed(), numRuns: 3000 },
    );
    expect(narrowed).toBeGreaterThan(300);
    expect(failed).toBeGreaterThan(300);
  });

  it("goes from one graph to another and back, and sees what is added to one", () => {
    const store = new Store();
    store.sink = { notify() {} };
    const [x, y] = [store.addVariable(interval(1, 10)), store.addVariable(interval(1, 10))];
    const graphOf = (variable: number): { graph: ExpressionGraph; triple: number } => {
      const graph = new ExpressionGraph();
      return { graph, triple: graph.linear([graph.variable(variable, 1, 10)], [3], 0)! };
    };
    const [first, second] = [graphOf(x), graphOf(y)];
    first.graph.require(first.triple, 1, 20);
    second.graph.require(second.triple, 20, 100);
    expect(machine.propagate(first.graph, store)).toBe(Outcome.stable);
    expect(machine.propagate(second.graph, store)).toBe(Outcome.stable);
    expect([store.max(x), store.min(y)]).toEqual([6, 7]);
    first.graph.require(first.triple, 17, 20);
    expect(machine.propagate(first.graph, store)).toBe(Outcome.entailed);
    expect(store.min(x)).toBe(6);
  });

  it("holds graphs larger than its memory was", () => {
    const store = new Store();
    store.sink = { notify() {} };
    const x = store.addVariable(interval(0, 1000));
    const graph = new ExpressionGraph();
    let last = graph.variable(x, 0, 1000);
    for (let i = 0; i < 5000; i++) last = graph.linear([last], [1], 1)!;
    graph.require(last, 5000, 5010);
    expect(machine.propagate(graph, store)).toBe(Outcome.stable);
    expect(store.max(x)).toBe(10);
  });
});
