import { gatesWith } from "../../cell/definition.js";
import type { SourceFile } from "../../plan/family.js";
import { kernelName } from "../../plan/kernel-name.js";
import type { Plan } from "../../plan/plan.js";
import { kernelTensors } from "../../plan/tensors.js";
import { backwardCellStepSource, cellStepSource } from "../cell-step-source.js";
import { elementSource } from "../element-source.js";
import { clusterSumsText } from "../exchange/cluster-sum-source.js";
import { gridSumsText } from "../exchange/grid-sum-source.js";
import { sentWordsSource } from "../exchange/sent-words-source.js";
import type { StateExchange } from "../exchange/state-exchange.js";
import { kernelFile } from "../kernel-file.js";
import type { MatrixProduct } from "../product/matrix-product.js";
import { matrixSource } from "../product/matrix-source.js";
import { fragmentWordsInFlight } from "../product/mma-source.js";
import { blockSumsText } from "../product/own-sums-source.js";
import { stateTileSource } from "../product/state-tile-source.js";
import { tensorParameters } from "../tensor-parameters.js";
import { backwardKernelSource } from "./backward-source.js";
import { floatsSource } from "./floats-source.js";
import { forwardKernelSource } from "./forward-source.js";
import type { KernelText } from "./kernel-text.js";
import { lengthsSource } from "./lengths-source.js";

/** Whether no slot needs a check, from the constants above it. */
const exactTilesSource = `/** The slots of all threads are as many as the product has. */
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
): readonly [SourceFile] {
  const { problem } = plan;
  const { pass, cell, dataType } = problem;
  const unitsPerThread = plan.parameters.unitsPerThread!;
  const name = kernelName(problem, givenName);
  const tensors = kernelTensors(problem);
  const splitsBlocks = (plan.parameters.blocksAlongInner ?? 1) > 1;
  const sumsThroughL2 = (plan.derived.gridSumBytes ?? 0) > 0;
  const sums = sumsThroughL2 ? gridSumsText : splitsBlocks ? clusterSumsText : blockSumsText;
  const clusterBlocks = splitsBlocks && !sumsThroughL2 ? "BLOCKS_ALONG_INNER" : exchange.clusterBlocks;
  const operand = exchange.operandPath(problem);
  const residency = `Residency(${exchange.cooperative}, ${clusterBlocks})`;
  const streams = plan.derived.matrixStreamedBytes! > 0;
  const text = kernelText(exchange, streams, sumsThroughL2, plan);
  const argumentNames = [
    ...tensors.map((tensor) => tensor.name),
    ...(exchange.usesScratch ? ["static_cast<Element*>(scratch)"] : []),
    ...(sumsThroughL2 ? [`reinterpret_cast<PartialWord*>(${scratchAt("EXCHANGE_BYTES")})`] : []),
    ...(streams ? [`reinterpret_cast<Words4*>(${scratchAt("STREAMED_BEGIN")})`] : []),
    ...(exchange.cutsLaunches ? ["first_block"] : []),
    "steps",
  ];
  const body = `${exactTilesSource}
// Tensors, dense, last dimension contiguous:
${tensors.map((tensor) => `//   ${tensor.name.padEnd(12)} ${tensor.role.padEnd(7)} [${tensor.dimensions}] ${tensor.type}`).join("\n")}
${[
  elementSource(dataType, unitsPerThread),
  floatsSource,
  pass === "forward" ? cellStepSource(problem) : backwardCellStepSource(problem),
  ...(operand === "tile" ? [stateTileSource] : []),
  matrixSource(problem),
  product.source(plan, operand, streams),
  sums.source(operand),
  exchange.source(problem),
  ...(problem.lengths ? [lengthsSource] : []),
  pass === "forward"
    ? forwardKernelSource(problem, `${name}_kernel`, text, sums, operand)
    : sentWordsSource(dataType, unitsPerThread, gatesWith(cell, "recurrent").length) +
      backwardKernelSource(problem, `${name}_kernel`, text, sums, operand),
].join("")}
${memorySource(exchange, streams, sumsThroughL2)}
/** Starts the kernel in a stream. Pointers are to device memory. Returns an empty string, or why the launch was refused. */
inline std::string launch_${pass}(
    ${["Stream stream", ...tensorParameters(problem), "[[maybe_unused]] void* scratch", "int steps"].join(",\n    ")}) {
${
  exchange.usesScratch
    ? `  // No element of the state${sumsThroughL2 ? ", and no sum," : ""} may seem to have arrived before it is written.
  const std::string error = fill_async(scratch, 0, ${sumsThroughL2 ? "EXCHANGE_BYTES + GRID_SUM_BYTES" : "EXCHANGE_BYTES"}, stream);
  if (!error.empty()) return error;
`
    : ""
}${launchStatements(exchange, residency, `${name}_kernel`, argumentNames)}}
`;
  return [kernelFile(plan, name, body)];
}

/**
 * Whether the end of a step is put off until the looks of the next one are out: where these go on during the product, since a lane has more words to read than are on
 * their way at once. Inputs must be loaded two steps ahead to come in time. Backward, where four times as much is stored and read, it took longer.
 */
const finishesLater = ({ problem, derived, parameters }: Pick<Plan, "problem" | "derived" | "parameters">): boolean =>
  problem.pass === "forward" &&
  derived.prefetchSteps! > 1 &&
  (derived.innerTiles! / 2) * parameters.columnGroups! > fragmentWordsInFlight;

/** How the kernel finds its block, and the part of R that it streams. */
function kernelText(
  exchange: StateExchange,
  streams: boolean,
  sumsThroughL2: boolean,
  { problem, derived, parameters: tiling }: Plan,
): KernelText {
  const { parameters, declaration } = exchange.text(problem);
  const readsFragments = exchange.operandPath(problem) === "fragments";
  const landing = readsFragments ? ", reinterpret_cast<Words4*>(shared + STATE_BYTES)" : "";
  // With one buffer for the partial sums of all steps, they must have been read before anything else comes there.
  const sharesPartials = readsFragments && derived.partialBuffers === 1 && tiling.warpsAlongInner! > 1;
  const afterSend = [
    ...(sharesPartials ? ["sync_block();"] : []),
    ...(streams && readsFragments ? ["if (step < last_receive) product.send_for_streamed(0);"] : []),
  ];
  return {
    declaration,
    parameters: [
      ...parameters,
      ...(sumsThroughL2 ? ["PartialWord* grid_sums"] : []),
      ...(streams ? ["Words4* streamed_matrix"] : []),
      ...(exchange.cutsLaunches ? ["int first_block"] : []),
    ],
    blockIndex: exchange.cutsLaunches ? "first_block + block_index()" : "block_index()",
    productMemory: streams
      ? ",\n               streamed_matrix + static_cast<int64_t>(block_index()) * (MATRIX_STREAMED_BYTES / 16)" +
        landing
      : "",
    afterSend,
    bringsToL2: exchange.l2PrefetchSteps > 0,
    finishesLater: readsFragments && finishesLater({ problem, derived, parameters: tiling }),
  };
}

/** C++ of a place in the device memory that a launch uses for itself. */
const scratchAt = (offset: string): string => `static_cast<unsigned char*>(scratch) + ${offset}`;

/** The device memory that a launch uses for itself: what the exchange needs, sums of blocks, then the parts of R that blocks read in every step. */
function memorySource(exchange: StateExchange, streams: boolean, sumsThroughL2: boolean): string {
  const zeroed = [...(exchange.usesScratch ? ["EXCHANGE_BYTES"] : []), ...(sumsThroughL2 ? ["GRID_SUM_BYTES"] : [])];
  const parts = [...zeroed, ...(streams ? ["static_cast<int64_t>(LAUNCH_BLOCKS) * MATRIX_STREAMED_BYTES"] : [])];
  return `${streams ? `/** Where the parts of R begin. */\nconstexpr int64_t STREAMED_BEGIN = ${zeroed.join(" + ") || "0"};\n` : ""}/** Bytes of device memory that a launch uses for itself. */
[[maybe_unused]] constexpr int64_t SCRATCH_BYTES = ${parts.join(" + ") || "0"};
`;
}

/** One launch, or as many as it takes where all blocks of a launch must be resident at once. */
function launchStatements(
  exchange: StateExchange,
  residency: string,
  kernel: string,
  argumentNames: readonly string[],
): string {
  const launch = (blocks: string, indent: string): string =>
    `launch(${kernel}, ${blocks}, THREADS_PER_BLOCK, SHARED_BYTES, ${residency}, stream,
${indent}       ${argumentNames.join(", ")});`;
  if (!exchange.cutsLaunches) return `  return ${launch("BLOCK_COUNT", "         ")}\n`;
  return `  for (int first_block = 0; first_block < BLOCK_COUNT; first_block += LAUNCH_BLOCKS) {
    const int blocks = BLOCK_COUNT - first_block < LAUNCH_BLOCKS ? BLOCK_COUNT - first_block : LAUNCH_BLOCKS;
    const std::string refusal = ${launch("blocks", "                         ")}
    if (!refusal.empty()) return refusal;
  }
  return {};
`;
}
