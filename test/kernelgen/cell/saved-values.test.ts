import { describe, expect, it } from "vitest";
import { gateInput, stateInput, stepGraph } from "../../../packages/kernelgen/src/cell/definition.js";
import { compileScalars } from "../../../packages/kernelgen/src/cell/evaluate.js";
import { cells, findCell } from "../../../packages/kernelgen/src/cell/index.js";
import { chooseSavedValues, nextStateInput } from "../../../packages/kernelgen/src/cell/saved-values.js";
import { topologicalOrder } from "../../../packages/kernelgen/src/cell/scalar.js";
import { adjointInput, stepGradient } from "../../../packages/kernelgen/src/cell/step-gradient.js";

const names = [...cells.keys()];
const savedNames = (cell: string, budgetBytes?: number): string[] =>
  chooseSavedValues(findCell(cell), budgetBytes).saved.map(({ name }) => name);

describe.each(names)("the backward step of %s", (name) => {
  const cell = findCell(name);
  const smallest = Math.min(...[0, 4, 8, 12, 16].filter((budget) => canSave(budget)));
  function canSave(budget: number): boolean {
    try {
      return chooseSavedValues(cell, budget).saved.length * 4 <= budget;
    } catch {
      return false;
    }
  }

  it.each([0, 1, 2, 8])("computes the same gradients from what it saves with a budget of %i values more", (more) => {
    const step = chooseSavedValues(cell, smallest + 4 * more);
    expect(step.saved.length).toBeLessThanOrEqual(smallest / 4 + more);
    const gates = cell.gates.map(gateInput);
    const previous = cell.states.map(stateInput);
    const adjoints = cell.states.map(adjointInput);
    const gradient = stepGradient(cell);
    const whole = compileScalars(
      [...gradient.gateGradients, ...gradient.previousGradients],
      [...gates, ...previous, ...adjoints],
    );
    const states = compileScalars(stepGraph(cell), [...gates, ...previous]);
    // What is stored, by the forward step; the nodes are those of the step that the choice was made on.
    const saved = compileScalars(
      step.saved.map(({ node }) => node),
      [...gates, ...previous],
    );
    const fromSaved = compileScalars(
      [...step.gateGradients, ...step.previousGradients],
      [
        ...previous,
        ...cell.states.map((state) => nextStateInput(state.name)),
        ...adjoints,
        ...step.saved.map(({ name }) => name),
      ],
    );
    const count = gates.length + previous.length;
    for (let point = 0; point < 50; point++) {
      const number = (index: number): number => 2 * Math.sin(1 + 3.7 * index + 11.3 * point);
      const stepInputs = Array.from({ length: count }, (_, index) => number(index));
      if (point % 3 === 0 && cell.name === "slstm") stepInputs[gates.length + 2] = 0;
      const adjoint = adjoints.map((_, index) => number(100 + index));
      const [expected, next, kept, actual] = [count, previous.length, step.saved.length, count].map(
        (length) => new Float64Array(length),
      );
      whole([...stepInputs, ...adjoint], expected!);
      states(stepInputs, next!);
      saved(stepInputs, kept!);
      fromSaved([...stepInputs.slice(gates.length), ...next!, ...adjoint, ...kept!], actual!);
      for (const [index, value] of actual!.entries()) expect(value).toBeCloseTo(expected![index]!, 12);
    }
  });

  it("computes less again, the more it may save", () => {
    const costs = [0, 1, 2, 3, 4, 30].map((more) => chooseSavedValues(cell, smallest + 4 * more).recomputeCost);
    expect(costs).toEqual(costs.toSorted((a, b) => b - a));
    expect(costs.at(-1)).toBe(0);
  });

  it("cannot do with one value less, whichever are left", () => {
    const { saved } = chooseSavedValues(cell, smallest);
    if (saved.length === 0) return;
    // Every way of computing the gradients reads a pre-activation that is not saved: try all smaller sets.
    const gradient = stepGradient(cell);
    const free = new Set(cell.states.map(stateInput));
    const forward = topologicalOrder(gradient.states);
    const suffices = (stored: ReadonlySet<unknown>): boolean => {
      const computable = new Map<unknown, boolean>();
      const reach = topologicalOrder([...gradient.gateGradients, ...gradient.previousGradients]);
      for (const node of reach) {
        const below =
          node.kind === "input"
            ? free.has(node.name) || node.name.startsWith("d_")
            : Object.values(node).every((field) => typeof field !== "object" || computable.get(field) !== false);
        computable.set(node, below || stored.has(node) || gradient.states.includes(node));
      }
      return [...gradient.gateGradients, ...gradient.previousGradients].every((root) => computable.get(root));
    };
    const subsets = (size: number, from: number, chosen: readonly unknown[]): boolean =>
      size === 0
        ? suffices(new Set(chosen))
        : forward.some((node, index) => index >= from && subsets(size - 1, index + 1, [...chosen, node]));
    expect(subsets(saved.length, 0, [])).toBe(true);
    expect(subsets(saved.length - 1, 0, [])).toBe(false);
  });
});

describe("chooseSavedValues", () => {
  it("saves an LSTM's gates, and tanh(c) too where there is room", () => {
    expect(savedNames("lstm", 16).toSorted()).toEqual(["saved_f", "saved_i", "saved_o", "saved_z"]);
    expect(chooseSavedValues(findCell("lstm"), 16).recomputeCost).toBe(8);
    expect(savedNames("lstm", 20)).toHaveLength(5);
  });

  it("saves nothing of an Elman network: its h says all", () => expect(savedNames("elman")).toEqual([]));

  it("saves a GRU's r, z, n and the recurrent part of n", () => {
    expect(savedNames("gru", 16).toSorted()).toEqual(["saved_n", "saved_r", "saved_u_g", "saved_z"]);
  });

  it("refuses a budget that no set fits, with the numbers", () => {
    expect(() => chooseSavedValues(findCell("lstm"), 8, 2)).not.toThrow();
    expect(() => chooseSavedValues(findCell("lstm"), 15)).toThrow(
      expect.objectContaining({
        code: "invalid-problem",
        message: "saved values: lstm needs at least 16 B for a unit and step, the budget is 15 B",
      }),
    );
  });
});
