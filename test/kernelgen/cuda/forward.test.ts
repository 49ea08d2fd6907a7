import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { type CudaDevice, cudaDevices } from "hwmodels";
import { describe, expect, it, type TestContext } from "vitest";
import type { Plan } from "../../../packages/kernelgen/src/plan/plan.js";
import { solveFamily } from "../../../packages/kernelgen/src/plan/solve.js";
import { propertySeed } from "../../support/property-seed.js";
import { randomProblem } from "../plan/random-problem.js";
import { expectRightKernel, inSchedule, schedules, writeCase } from "./expect-right.js";
import { cudaFamilies, feasibleTilings, forwardCases } from "./forward-cases.js";
import { buildCheck, type CheckProgram, type CommonBuild, hostBuilds } from "./kernel-build.js";
import type { Outcome } from "./prelude-build.js";

const { newDirectory, commonBuild } = hostBuilds("forward");

/** The check programs of `forwardCases`, each built once. */
const caseChecks = new Map<Plan, Promise<CheckProgram>>();
function caseCheck(plan: Plan, common: CommonBuild): Promise<CheckProgram> {
  const check = caseChecks.get(plan) ?? buildCheck(plan, newDirectory(), common);
  caseChecks.set(plan, check);
  return check;
}

describe("generated forward kernels on the CPU", () => {
  it.for(Object.entries(forwardCases))("%s", { timeout: 120_000 }, async ([, plan], context) => {
    await expectRightKernel(plan, await caseCheck(plan, commonBuild(context)));
  });

  it("of random problems and random feasible tilings", { timeout: 300_000 }, async (context) => {
    const common = commonBuild(context);
    const devices: readonly CudaDevice[] = cudaDevices.filter(({ supports }) => supports.bf16MatrixMultiply);
    await fc.assert(
      fc.asyncProperty(
        randomProblem({ headDim: 40, heads: 3, batch: 9 }, ["forward"]),
        fc.constantFrom(...devices),
        fc.constantFrom(...Object.values(cudaFamilies)),
        fc.nat(),
        fc.integer({ min: 1, max: 9 }),
        async (sizes, device, family, choice, steps) => {
          const problem = { ...sizes, steps };
          const tilings = feasibleTilings(problem, device, family);
          fc.pre(tilings.length > 0);
          const { plan } = solveFamily(problem, device, family, tilings[choice % tilings.length]!.pins);
          await expectRightKernel(plan!, await buildCheck(plan!, newDirectory(), common));
        },
      ),
      // A smaller counterexample would cost a build for each try.
      { seed: propertySeed, numRuns: 3, endOnFailure: true },
    );
  });

  it("together are of every cell in every family and type", () => {
    const seen = new Set(
      Object.values(forwardCases).flatMap(({ problem, family }) => [
        `${problem.cell.name} ${family}`,
        `${problem.cell.name} ${problem.dataType}`,
      ]),
    );
    const wanted = ["gru", "slstm", "elman"].flatMap((cell) =>
      ["resident", "grid", "bf16", "fp32"].map((kind) => `${cell} ${kind}`),
    );
    expect(wanted.filter((kind) => !seen.has(kind))).toEqual([]);
  });

  it("together split the work in every way", () => {
    const plans = Object.values(forwardCases);
    const seen = (type: string, quantity: (plan: Plan) => unknown): Set<unknown> =>
      new Set(plans.filter(({ problem }) => problem.dataType === type).map(quantity));
    for (const type of ["bf16", "fp32"]) {
      // The direct family's operands are those of matrix instructions.
      const families = Object.keys(cudaFamilies).filter((family) => family !== "direct" || type !== "fp32");
      for (const family of families) expect(seen(type, (plan) => plan.family)).toContain(family);
      for (const warps of [1, 2, 3]) expect(seen(type, (plan) => plan.parameters.warpsAlongInner)).toContain(warps);
      for (const units of [1, 2]) expect(seen(type, (plan) => plan.parameters.unitsPerThread)).toContain(units);
      for (const output of ["sequence", "last"])
        expect(seen(type, (plan) => plan.problem.stateOutput)).toContain(output);
      const splitsUnits = seen(type, ({ derived }) => derived.unitBlocks! > 1);
      expect(splitsUnits).toEqual(new Set([false, true]));
    }
    for (const count of [1, 2]) {
      expect(seen("bf16", (plan) => plan.parameters.columnsPerThread)).toContain(count);
      expect(seen("bf16", (plan) => plan.parameters.columnGroups)).toContain(count);
    }
    expect(seen("fp32", (plan) => plan.parameters.lanesAlongInner! > 1)).toEqual(new Set([false, true]));
    const keepsAll = (kept: string, all: string) => (plan: Plan) => plan.parameters[kept] === plan.derived[all];
    expect(seen("bf16", keepsAll("innerTilesInRegisters", "innerTiles"))).toEqual(new Set([false, true]));
    expect(seen("fp32", keepsAll("chunksInRegisters", "innerChunks"))).toEqual(new Set([false, true]));
    const isRagged = ({ derived: d, problem }: Plan) => d.unitTile! * d.unitBlocks! > problem.headDim;
    expect(seen("bf16", isRagged)).toEqual(new Set([false, true]));
  });
});

/** A defect put into a kernel: what is replaced by what. */
type Defect = readonly [name: string, of: keyof typeof forwardCases, pattern: RegExp, replacement: string];

const splitCase = "resident bf16, part of R in shared memory, last c, lengths";
const clusterCase = "cluster bf16, 48x5, six blocks";
const splitBlocksCase = "grid bf16, inner dimension over two blocks and three warps";
const gridCase = "grid bf16, units that end within a word, lengths";

const defects: readonly Defect[] = [
  [
    "no barrier before h is read",
    "resident bf16, 48x5",
    /(void receive\(int \/\* step \*\/\) const \{) sync_block\(\);/,
    "$1",
  ],
  ["no wait for what the cluster sends", clusterCase, /wait_phase\([^;]*;/, ""],
  ["no barrier before the cluster's first stores", clusterCase, /sync_cluster\(\);/, "sync_block();"],
  ["one tile of h for a cluster", clusterCase, /step % STATE_BUFFERS \* BATCH_TILE/, "step * 0"],
  ["stores to a block of the cluster that returns", clusterCase, /if \(step == last_receive\) return;/, ""],
  [
    "no barrier within the sum over warps",
    splitCase,
    /sync_block\(\);(?=\s*KERNELGEN_UNROLL\s*for \(int i = 0; i < SUMMED_SLOTS)/,
    "",
  ],
  [
    "the outputs of another head",
    "resident bf16, 48x5",
    /outputs\[i\] \+= HEAD_COUNT \* HEAD_DIM;/,
    "outputs[i] += HEAD_DIM;",
  ],
  [
    "no test for what lies beyond the head and the batch",
    splitCase,
    /valid\[i\] = EXACT_TILES \|\| \([^;]*;/,
    "valid[i] = true;",
  ],
  ["the last state of the batch in place of the sequence's", splitCase, /own_lengths\[i\] - 1/, "steps - 1"],
  [
    "outputs beyond a sequence's end",
    splitCase,
    /!is_there \? Packed\{\} : words\[i\]/,
    "!is_there ? words[i] : words[i]",
  ],
  ["no wait for the sums of the cluster", splitBlocksCase, /wait_phase\([^;]*;/, ""],
  ["inputs brought to L2 from beyond the last step", gridCase, /if \(step \+ L2_PREFETCH_STEPS < steps\) /, ""],
  [
    "marks that do not change from round to round",
    gridCase,
    /\(step \+ INITIAL_OPERANDS\) \/ EXCHANGE_BUFFERS % 2 == 0/,
    "step >= 0",
  ],
];

describe("the check program finds", () => {
  it.for(defects)("%s", { timeout: 120_000 }, async ([, of, pattern, replacement], context) => {
    const common = commonBuild(context);
    const plan = forwardCases[of];
    const program = await buildCheck(plan, newDirectory(), common, (kernel) => {
      expect(kernel.match(new RegExp(pattern, "g"))).toHaveLength(1);
      return kernel.replace(pattern, replacement);
    });
    const files = await writeCase(plan, 7, newDirectory());
    const failures: Outcome[] = [];
    for (const schedule of schedules) {
      const outcome = await program.run(["case", files], inSchedule(schedule));
      if (outcome.exitCode !== 0) failures.push(outcome);
    }
    expect(failures).not.toEqual([]);
    // For the right reason: a wrong number, or a fault of the kernel.
    for (const { stdout, stderr } of failures)
      expect(`${stdout}${stderr}`).toMatch(/WRONG|Sanitizer|deadlock|has returned|there is no barrier/);
  });
});

describe("a kernel whose steps read whole words", { timeout: 120_000 }, () => {
  const plan =
    forwardCases[
      "stepwise bf16, rows of whole words, inner dimension over three warps, last c, lengths, states clipped"
    ];

  it("refuses tensors that do not begin at one", async (context) => {
    const program = await buildCheck(plan, newDirectory(), commonBuild(context), (kernel) => {
      const check = /(inline std::string launch_forward\([^)]*\) \{\n)/;
      expect(kernel).toMatch(check);
      return kernel.replace(check, "$1  ++recurrent;\n");
    });
    const { exitCode, stderr } = await program.run(["case", await writeCase(plan, 7, newDirectory())]);
    expect(exitCode).toBe(1);
    expect(stderr).toContain("recurrent, h_initial, h: must begin at a multiple of 16 bytes");
  });
});

describe("the check program", { timeout: 120_000 }, () => {
  const plan = forwardCases["resident bf16, one sequence, one step"];
  const theProgram = (context: TestContext): Promise<CheckProgram> => caseCheck(plan, commonBuild(context));

  it("names a file of the wrong size, and both sizes", async (context) => {
    const program = await theProgram(context);
    const files = await writeCase(plan, 1, newDirectory());
    await writeFile(join(files, "bias.bin"), new Uint8Array(10));
    const { exitCode, stderr } = await program.run(["case", files]);
    expect([exitCode, stderr]).toEqual([1, `${files}/bias.bin: has 10 B, the kernel's tensor has 56 B for 1 steps\n`]);
  });

  it("names a file that is missing", async (context) => {
    const program = await theProgram(context);
    const { exitCode, stderr } = await program.run(["case", "nowhere"]);
    expect([exitCode, stderr]).toEqual([1, "cannot read nowhere/wx.bin\n"]);
  });

  it("draws other inputs each time, and says from which seed", async (context) => {
    const program = await theProgram(context);
    const seeds = new Set<string>();
    for (let run = 0; run < 2; run++) {
      const { exitCode, stdout } = await program.run(["random", "2"]);
      expect(exitCode).toBe(0);
      seeds.add(/^seed (\d+)$/m.exec(stdout)![1]!);
    }
    expect(seeds.size).toBe(2);
  });

  it.for(["", "fast", "case", "case a b", "random 1 2 3"])("explains its use for '%s'", async (line, context) => {
    const program = await theProgram(context);
    const { exitCode, stderr } = await program.run(line.split(" ").filter((word) => word !== ""));
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/^usage: lstm_forward_check case DIR/);
  });

  it.for(["0", "-1", "x", "2.5", "2147483648", "1e3"])("refuses %s steps", async (steps, context) => {
    const program = await theProgram(context);
    const { exitCode, stderr } = await program.run(["random", steps]);
    expect(exitCode).toBe(1);
    expect(stderr).toContain(`"${steps}" is not a number from 1 to 2147483647`);
  });
});
