import type { SourceFile } from "../../plan/family.js";
import { kernelName } from "../../plan/kernel-name.js";
import type { Plan } from "../../plan/plan.js";
import { scanTensors, withStateH } from "../../plan/scan-tensors.js";
import { kernelFile } from "../kernel-file.js";
import { carryOffsetBytes } from "./chain-source.js";
import { columnSource, spanForm } from "./column-source.js";
import { kernelSource, scanParameters } from "./kernel-source.js";
import { spanSource } from "./span-source.js";
import { wordsSource } from "./words-source.js";

/**
 * The kernel of a pass and the functions that launch it: one self-contained .cu file beside the prelude. The state is called h there, whatever
 * the cell calls it.
 */
export function emitScan(given: Plan, givenName?: string): SourceFile {
  const plan = withStateH(given);
  const { problem, parameters } = plan;
  const { pass } = problem;
  const name = kernelName(problem, givenName);
  const chained = parameters.chained === 1;
  const staged = parameters.stages! > 0;
  const tensors = scanTensors(problem);
  const body = `/** Every thread's channels exist. */
constexpr bool EXACT_TILES = CHANNEL_BLOCKS * CHANNEL_TILE == CHANNELS;

// Tensors, dense, last dimension contiguous; \`lengths\` [B] are the steps of each sequence, or null if all have T:
${tensors.map((tensor) => `//   ${tensor.name.padEnd(12)} ${tensor.role.padEnd(7)} [${tensor.dimensions}] ${tensor.type}`).join("\n")}
${wordsSource(problem.dataType, parameters.channelsPerThread!)}${spanSource(spanForm(problem))}${columnSource(plan)}${kernelSource(plan, `${name}_kernel`)}
/** Bytes of device memory, 128-byte aligned, that a launch uses for itself. */
[[maybe_unused]] inline int64_t scratch_bytes([[maybe_unused]] int batch, [[maybe_unused]] int steps) {
  ${chained ? `return ${carryOffsetBytes} + static_cast<int64_t>((steps - 1) / CHUNK_STEPS) * batch * CHANNELS * Carry::PARTS * 4;` : "return 0;"}
}

/** Prepares scratch memory for its first launch; a launch leaves it ready for the next one. Launches that overlap need one each. */
[[nodiscard]] inline std::string prepare_scratch([[maybe_unused]] Stream stream, [[maybe_unused]] void* scratch, [[maybe_unused]] int batch,
                                                 [[maybe_unused]] int steps) {
  ${chained ? "return fill_async(scratch, 0xFF, static_cast<std::size_t>(scratch_bytes(batch, steps)), stream);" : "return {};"}
}

/**
 * Starts the kernel in a stream. Pointers are to device memory; lengths, an initial state and a last one may be null. Any batch and number
 * of steps will do; the tile is the best for the plan's. Returns an empty string, or why the launch was refused.
 */
inline std::string launch_${pass}(
    ${["Stream stream", ...scanParameters(problem), "const int* lengths", "[[maybe_unused]] void* scratch", "int batch", "int steps"].join(",\n    ")}) {
${
  chained
    ? `  const int64_t tile_count = static_cast<int64_t>(batch) * CHANNEL_BLOCKS * ((steps - 1) / CHUNK_STEPS + 1);
  const int block_count = static_cast<int>(${staged ? "tile_count < RESIDENT_BLOCKS ? tile_count : RESIDENT_BLOCKS" : "tile_count"});
`
    : "  const int block_count = batch * CHANNEL_BLOCKS;\n"
}  return launch(${name}_kernel, block_count, THREADS_PER_BLOCK, SHARED_BYTES, false, stream,
                ${[
                  ...tensors.map((tensor) => tensor.name),
                  "lengths",
                  ...(chained
                    ? [
                        "static_cast<uint32_t*>(scratch)",
                        `reinterpret_cast<float*>(static_cast<unsigned char*>(scratch) + ${carryOffsetBytes})`,
                        "batch",
                        ...(staged ? ["block_count"] : []),
                      ]
                    : []),
                  "steps",
                ].join(", ")});
}
`;
  return kernelFile(plan, name, body, "linear recurrence");
}
