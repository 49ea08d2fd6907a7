// Solves the ten reference problems, compares with the original's answers and prints the time of each:
//
//   node run.js [--json] [--case N]         only the Nth problem, from 1 on: alone it finds a process that has compiled nothing yet
//   node run.js --all [--json] [--case N]   how many tilings the forward direction has, instead

import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { tilingModel } from "./tiling.js";

/** Streaming multiprocessors, and the shared memory in bytes that a block may opt in to. */
const DEVICES = {
  H100: { streamingMultiprocessors: 132, sharedBytesPerBlockOptin: 232448 },
  A100: { streamingMultiprocessors: 108, sharedBytesPerBlockOptin: 166912 },
  RTX4090: { streamingMultiprocessors: 128, sharedBytesPerBlockOptin: 101376 },
};
const REGISTERS_PER_MULTIPROCESSOR = 65536;
const THREADS_PER_BLOCK = 1024;
/** Shared memory that the runtime keeps for itself in each block, and the most that the kernels were written for. */
const RESERVED_BYTES = 1024;
const MOST_SHARED_BYTES = 227000;

const GATES = { lstm: 4, elman: 1 };

/** The reference's names of a direction's unknowns. */
function referenceNames(direction) {
  const [prefix, kept, looped] =
    direction === "forward" ? ["FORWARD", "HIDDEN", "GATE"] : ["BACKWARD", "GATE", "HIDDEN"];
  return {
    tileBatch: `${prefix}_WARP_TILING_DIM_BATCH`,
    tileLooped: `${prefix}_WARP_TILING_DIM_${looped}`,
    parallelHeads: `${prefix}_MULTIHEAD_TILING_COUNT`,
    gridLooped: `${prefix}_RECURRENT_TILING_COUNT_${looped}`,
    gridKept: `${prefix}_RECURRENT_TILING_COUNT_${kept}`,
    gridBatch: `${prefix}_BLOCK_TILING_COUNT_BATCH`,
    loopBatch: `${prefix}_WARP_LOOPING_COUNT_BATCH`,
    loopLooped: `${prefix}_WARP_LOOPING_COUNT_${looped}`,
    warpsKept: `${prefix}_WARP_TILING_COUNT_${kept}`,
    warpsBatch: `${prefix}_WARP_TILING_COUNT_BATCH`,
    cachedKept: `${prefix}_WARP_RECURRENT_CACHED_${kept}`,
  };
}

const { values: options } = parseArgs({
  options: { json: { type: "boolean" }, case: { type: "string" }, all: { type: "boolean" } },
});

const file = new URL("./reference-tilings.jsonl", import.meta.url);
const references = readFileSync(file, "utf8")
  .trimEnd()
  .split("\n")
  .map((line) => JSON.parse(line));

const chosen = references.filter((_, i) => options.case === undefined || i + 1 === Number(options.case));
if (chosen.length === 0) throw new Error(`--case ${options.case}: there are cases 1 to ${references.length}`);

/** What a reference problem asks of one direction. */
function problemOf({ gpu, cell, head_dim: headDim, heads, batch, dtype }, direction) {
  const { streamingMultiprocessors, sharedBytesPerBlockOptin } = DEVICES[gpu];
  const device = {
    streamingMultiprocessors,
    sharedBytes: Math.min(sharedBytesPerBlockOptin - RESERVED_BYTES, MOST_SHARED_BYTES),
    registersPerMultiprocessor: REGISTERS_PER_MULTIPROCESSOR,
    threadsPerBlock: THREADS_PER_BLOCK,
  };
  return { direction, headDim, heads, gates: GATES[cell], batch, dtype, device };
}

// As one graph of expressions, without variables for the products, a system of few unknowns needs least of what a new process has to compile.
const arithmetic = "graph";

/** Solves both directions in the reference's order and compares with its answer. */
function solve(reference) {
  // The directions share constants only, so that each is solved alone, and none is left once one has no tiling.
  const startedAt = performance.now();
  const answers = [];
  for (const direction of ["forward", "backward"]) {
    const { model, order } = tilingModel(problemOf(reference, direction));
    const result = model.solve({ order, arithmetic });
    answers.push({ direction, result });
    if (result.status !== "satisfied") break;
  }
  const milliseconds = performance.now() - startedAt;
  const satisfied = answers.every(({ result }) => result.status === "satisfied");
  const solution = {};
  for (const { direction, result } of satisfied ? answers : []) {
    for (const [name, referenceName] of Object.entries(referenceNames(direction))) {
      solution[referenceName] = result.solution[name];
    }
  }
  const status = satisfied
    ? "satisfied"
    : answers.some(({ result }) => result.status === "unsatisfiable")
      ? "unsatisfiable"
      : "unknown";
  const agrees =
    status === reference.status &&
    Object.entries(solution).every(([name, value]) => reference.solution[name] === value);
  return {
    problem: nameOf(reference),
    status,
    agrees,
    solution,
    milliseconds,
    originalSeconds: reference.original_seconds,
  };
}

/** Counts the forward direction's tilings. */
function countAll(reference) {
  const startedAt = performance.now();
  const { model, order } = tilingModel(problemOf(reference, "forward"));
  const { status, count } = model.count({ order, arithmetic });
  return { problem: nameOf(reference), status, count, milliseconds: performance.now() - startedAt };
}

function nameOf({ gpu, cell, head_dim: headDim, heads, batch, dtype }) {
  return `${gpu} ${cell} ${headDim}x${heads} batch ${batch} ${dtype}`;
}

const rows = chosen.map(options.all ? countAll : solve);
if (options.json) {
  process.stdout.write(`${JSON.stringify(rows)}\n`);
} else {
  for (const { problem, status, count, agrees, milliseconds, originalSeconds } of rows) {
    const took = `${milliseconds.toFixed(1).padStart(8)} ms`;
    const answer = options.all
      ? `${status}, ${count} forward tilings ${took}`
      : `${status.padEnd(14)} ${agrees ? "same answer" : "DIFFERENT"} ${took} (original ${originalSeconds} s)`;
    process.stdout.write(`${problem.padEnd(42)} ${answer}\n`);
  }
}
process.exitCode = rows.every(({ agrees, status }) => (options.all ? status === "complete" : agrees)) ? 0 : 1;
