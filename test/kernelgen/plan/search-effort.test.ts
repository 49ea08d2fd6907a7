import { type CudaDevice, findDevice } from "hwmodels";
import { describe, expect, it } from "vitest";
import { familiesFor } from "../../../packages/kernelgen/src/families.js";
import { defineProblem, type ProblemOptions } from "../../../packages/kernelgen/src/plan/problem.js";
import { refusal } from "../../../packages/kernelgen/src/plan/refusal.js";
import { searchOptions, stateTiling } from "../../../packages/kernelgen/src/plan/stated-tiling.js";

/**
 * Runs of the solver's propagators for each node of a search: a little more than one where all formulas are one expression graph, several
 * where one of them is not, as a difference that may be negative for all that its bounds say, or a product beyond the exact range.
 */
const mostPropagationsOfNode = 2.5;
/** The same of scans, which have tables and alternatives beside their formulas. */
const mostOfScan = 6;
/** Runs before the search, at most. */
const mostAtRoot = 30;

const problems: readonly ProblemOptions[] = [
  { cell: "lstm", headDim: 768, batch: 16 },
  { cell: "gru", headDim: 1024, batch: 16, pass: "backward" },
  { cell: "lstm", headDim: 2560, batch: 16 },
  { cell: "lstm", headDim: 256, heads: 3, batch: 256, training: true },
  { cell: "slstm", headDim: 768, batch: 16, dataType: "fp32", tf32: true },
  { cell: "lstm", headDim: 2048, batch: 16, dataType: "fp32" },
  { cell: "mingru", headDim: 1024, batch: 16, steps: 1024 },
  { cell: "minlstm", headDim: 1536, batch: 8, steps: 4096, dataType: "fp32", pass: "backward" },
];

describe("the search for a tiling", () => {
  it.each(problems)("keeps all formulas of %o in one expression graph", (options) => {
    const device = findDevice("h200") as CudaDevice;
    const problem = defineProblem(options);
    for (const family of familiesFor(device, problem)) {
      if (refusal(problem, device, family) !== undefined) continue;
      const stated = stateTiling(problem, device, family);
      const { statistics } = stated.model.minimize(stated.tiling.cost, searchOptions(stated));
      const mostOfNode = family.name === "scan" ? mostOfScan : mostPropagationsOfNode;
      const most = statistics.nodes * mostOfNode + mostAtRoot;
      expect(statistics.propagations, family.name).toBeLessThan(most);
    }
  });
});
