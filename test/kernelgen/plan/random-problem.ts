import fc from "fast-check";
import { cells } from "../../../packages/kernelgen/src/cell/index.js";
import { defineProblem, type Problem } from "../../../packages/kernelgen/src/plan/problem.js";

const kinds = [
  { stateOutput: "sequence" },
  { stateOutput: "last" },
  { stateOutput: "sequence", training: true },
  { pass: "backward", stateOutput: "last" },
  { pass: "backward", stateOutput: "sequence" },
] as const;

/** Problems of any cell up to these sizes, of one pass or both; small ones and ones that divide nothing are as likely as round ones. */
export function randomProblem(
  largest: { headDim: number; heads: number; batch: number },
  passes: readonly Problem["pass"][] = ["forward", "backward"],
): fc.Arbitrary<Problem> {
  const headDim = fc.oneof(
    fc.integer({ min: 1, max: Math.min(64, largest.headDim) }),
    fc.integer({ min: 1, max: Math.ceil(largest.headDim / 16) }).map((tiles) => Math.min(tiles * 16, largest.headDim)),
    fc.integer({ min: 1, max: largest.headDim }),
  );
  return fc
    .record({
      cell: fc.constantFrom(...cells.keys()),
      headDim,
      heads: fc.integer({ min: 1, max: largest.heads }),
      batch: fc.integer({ min: 1, max: largest.batch }),
      type: fc.constantFrom(
        { dataType: "bf16" },
        { dataType: "fp16" },
        { dataType: "fp32" },
        { dataType: "fp32", tf32: true },
      ),
      kind: fc.constantFrom(...kinds.filter((kind) => passes.includes("pass" in kind ? kind.pass : "forward"))),
    })
    .map(({ kind, type, ...sizes }) => defineProblem({ ...sizes, ...kind, ...type }));
}
