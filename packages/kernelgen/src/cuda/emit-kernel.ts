import { gatesWith } from "../cell/definition.js";
import type { SourceFile } from "../plan/family.js";
import { kernelName } from "../plan/kernel-name.js";
import type { Plan } from "../plan/plan.js";
import { kernelTensors } from "../plan/tensors.js";
import { backwardCellSource, backwardKernelSource } from "./backward-source.js";
import { clusterSumsText } from "./cluster-sum-source.js";
import { elementSource } from "./element-source.js";
import { floatsSource } from "./floats-source.js";
import { cellSource, kernelSource } from "./forward-source.js";
import { kernelFile } from "./kernel-file.js";
import type { MatrixProduct } from "./matrix-product.js";
import { matrixSource } from "./matrix-source.js";
import { blockSumsText } from "./own-sums-source.js";
import { sentWordsSource } from "./sent-words-source.js";
import type { StateExchange } from "./state-exchange.js";
import { stateTileSource } from "./state-tile-source.js";
import { tensorParameters } from "./tensor-parameters.js";

/** Whether no slot needs a check, from the constants above it. */
export const exactTilesSource = `/** The slots of all threads are as many as the product has. */
constexpr bool ALL_SLOTS_EXIST = OWN_SLOTS * (THREADS_PER_BLOCK / 32) * BLOCKS_ALONG_INNER == WARPS_ALONG_UNITS * WARP_SLOTS;
/** Every slot of every thread is a unit and a sequence that exist. */
constexpr bool EXACT_TILES = UNIT_BLOCKS * UNIT_TILE == HEAD_DIM && BATCH_BLOCKS * BATCH_TILE == BATCH &&
                             ALL_SLOTS_EXIST;
`;

/** The kernel of a plan and the function that launches it: one self-contained .cu file beside the prelude. */
export function emitKernel(
  plan: Plan,
  product: MatrixProduct,
  exchange: StateExchange,
  givenName?: string,
): readonly SourceFile[] {
  const { problem } = plan;
  const { pass, cell, dataType } = problem;
  const unitsPerThread = plan.parameters.unitsPerThread!;
  const name = kernelName(problem, givenName);
  const tensors = kernelTensors(problem);
  const scratch = exchange.usesScratch;
  const splitsBlocks = (plan.parameters.blocksAlongInner ?? 1) > 1;
  const sums = splitsBlocks ? clusterSumsText : blockSumsText;
  const clusterBlocks = splitsBlocks ? "BLOCKS_ALONG_INNER" : exchange.clusterBlocks;
  const operand = exchange.operandPath(problem);
  const residency = `Residency(${exchange.cooperative}, ${clusterBlocks})`;
  const argumentNames = [
    ...tensors.map((tensor) => tensor.name),
    ...(scratch ? ["static_cast<Element*>(scratch)"] : []),
    "steps",
  ];
  const body = `${exactTilesSource}
// Tensors, dense, last dimension contiguous:
${tensors.map((tensor) => `//   ${tensor.name.padEnd(12)} ${tensor.role.padEnd(7)} [${tensor.dimensions}] ${tensor.type}`).join("\n")}
${[
  elementSource(dataType, unitsPerThread),
  floatsSource,
  pass === "forward" ? cellSource(problem) : backwardCellSource(problem),
  ...(operand === "tile" ? [stateTileSource] : []),
  matrixSource(problem),
  product.source(problem, operand),
  sums.source(operand),
  exchange.source(problem),
  pass === "forward"
    ? kernelSource(problem, `${name}_kernel`, exchange.text, sums, operand)
    : sentWordsSource(dataType, unitsPerThread, gatesWith(cell, "recurrent").length) +
      backwardKernelSource(problem, `${name}_kernel`, exchange.text, sums, operand),
].join("")}
/** Bytes of device memory that a launch uses for itself. */
[[maybe_unused]] constexpr int64_t SCRATCH_BYTES = ${scratch ? "EXCHANGE_BYTES" : "0"};

/** Starts the kernel in a stream. Pointers are to device memory. Returns an empty string, or why the launch was refused. */
inline std::string launch_${pass}(
    ${["Stream stream", ...tensorParameters(problem), "[[maybe_unused]] void* scratch", "int steps"].join(",\n    ")}) {
${
  scratch
    ? `  // No element of the state may seem to have arrived before it is written.
  const std::string error = fill_async(scratch, 0, SCRATCH_BYTES, stream);
  if (!error.empty()) return error;
`
    : ""
}  return launch(${name}_kernel, BLOCK_COUNT, THREADS_PER_BLOCK, SHARED_BYTES, ${residency}, stream,
                ${argumentNames.join(", ")});
}
`;
  return [kernelFile(plan, name, body)];
}
