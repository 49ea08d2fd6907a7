import { gatesWith } from "../../cell/definition.js";
import type { SourceFile } from "../../plan/family.js";
import { kernelName } from "../../plan/kernel-name.js";
import type { Plan } from "../../plan/plan.js";
import type { Problem } from "../../plan/problem.js";
import { gradientName, kernelTensors } from "../../plan/tensors.js";
import { backwardCellStepSource, cellStepSource } from "../cell-step-source.js";
import { elementSource, toElementSource } from "../element-source.js";
import { kernelFile } from "../kernel-file.js";
import { tensorParameters } from "../tensor-parameters.js";
import { wordBytes } from "../word-bytes.js";
import { backwardScratchSource, backwardStepSource, transposeSource } from "./backward-source.js";
import { forwardScratchSource, forwardStepSource } from "./forward-source.js";
import { mayPadRows, paddedRowsSource, padSource } from "./padded-rows.js";
import { productSource } from "./product-source.js";
import { anySizes, plannedSizes } from "./sizes.js";

/**
 * The kernel of one step and the function that launches all steps: one self-contained .cu file beside the prelude.
 *
 * @param hasAnySizes whether batch, heads and units of a head are arguments of the launch in place of the plan's: the tile serves any
 */
export function emitStepwise(plan: Plan, givenName: string | undefined, hasAnySizes: boolean): SourceFile {
  const { problem } = plan;
  const { pass } = problem;
  const name = kernelName(problem, givenName);
  const sizes = hasAnySizes ? anySizes : plannedSizes;
  const tensors = kernelTensors(problem);
  const names = tensors.map((tensor) => tensor.name);
  const isBackward = pass === "backward";
  const padsRows = mayPadRows(problem, hasAnySizes);
  const padded = padsRows ? [isBackward ? "padded_du" : "padded_h"] : [];
  const launched = isBackward
    ? [
        ...names.filter((tensor) => tensor !== "recurrent"),
        ...["adjoint_h", "transposed", ...padded, ...sizes.arguments, "steps"],
      ]
    : [
        ...names.map((tensor) => (padsRows && tensor === "recurrent" ? "matrix" : tensor)),
        ...[...padded, ...sizes.arguments, "steps"],
      ];
  const parameters = [
    "Stream stream",
    ...tensorParameters(problem),
    "[[maybe_unused]] void* scratch",
    ...sizes.parameters,
    "int steps",
  ];
  const body = `// Tensors, dense, last dimension contiguous:
${tensors.map((tensor) => `//   ${tensor.name.padEnd(12)} ${tensor.role.padEnd(7)} [${tensor.dimensions}] ${tensor.type}`).join("\n")}
${elementSource(problem.dataType, 1)}${toElementSource(problem.dataType)}${isBackward ? backwardCellStepSource(problem) : cellStepSource(problem)}${productSource(problem)}${paddedRowsSource}${padsRows ? padSource(`${name}_pad_kernel`) : ""}${
  isBackward
    ? transposeSource(`${name}_transpose_kernel`) +
      backwardStepSource(problem, `${name}_kernel`, sizes, padsRows) +
      backwardScratchSource
    : forwardStepSource(problem, `${name}_kernel`, sizes, padsRows) + forwardScratchSource
}${hasAnySizes ? "" : `[[maybe_unused]] constexpr int64_t SCRATCH_BYTES = scratch_bytes(${sizes.scratchArguments});\n`}
/** Starts one kernel for each step in a stream. Pointers are to device memory. Returns an empty string, or why a launch was refused. */
inline std::string launch_${pass}(
    ${parameters.join(",\n    ")}) {
${alignmentCheck(problem, sizes.scratchArguments)}${isBackward ? transposeCall(name, sizes.scratchArguments) : ""}${padsRows ? padCalls(problem, sizes.scratchArguments) : ""}  return launch_steps(${name}_kernel, ${sizes.blockCount}, THREADS_PER_BLOCK, SHARED_BYTES, ${isBackward ? "steps + 1" : "steps"}, stream,
                      ${launched.join(", ")});
}
`;
  return kernelFile(plan, name, body);
}

/** C++ that refuses tensors that do not begin at a word, of those that steps read in whole words: where rows are padded, copies are. */
function alignmentCheck({ pass, cell }: Problem, sizes: string): string {
  const [, , headDim] = sizes.split(", ");
  const output = cell.states[0]!.name;
  const inputless = gatesWith(cell, "recurrent").filter(({ input }) => input === false);
  const read =
    pass === "forward"
      ? ["recurrent", `${output}_initial`, output]
      : [gradientName("wx"), ...inputless.map((gate) => gradientName(`u_${gate.name}`))];
  return `  if (!is_padded(${headDim}) && !(${read.map((name) => `is_word_aligned(${name})`).join(" && ")})) {
    return "${read.join(", ")}: must begin at a multiple of ${wordBytes} bytes";
  }
`;
}

/** C++ that divides scratch memory and transposes R. */
function transposeCall(name: string, sizes: string): string {
  const [, heads, headDim] = sizes.split(", ");
  return `  float* adjoint_h = static_cast<float*>(scratch);
  Element* transposed = reinterpret_cast<Element*>(static_cast<unsigned char*>(scratch) + adjoint_bytes(${sizes}));
  const int tiles = Tile::parts(${headDim}, TRANSPOSE_TILE);
  const std::string error = launch(${name}_transpose_kernel, RECURRENT_GATE_COUNT * ${heads} * tiles * tiles, TRANSPOSE_THREADS,
                                   TRANSPOSE_SHARED_BYTES, false, stream, recurrent, transposed, ${headDim});
  if (!error.empty()) return error;
`;
}

/** C++ that puts copies of R and of the initial h in scratch memory, where rows are padded; R transposed is there already, and du has its place. */
function padCalls({ pass, cell }: Problem, sizes: string): string {
  const [batch, heads, headDim] = sizes.split(", ");
  const operandRows = `2 * ${batch} * INNER_PARTS * ${heads}`;
  if (pass === "backward") {
    return `  Element* padded_du = nullptr;
  if (is_padded(${headDim})) {
    padded_du = transposed + matrix_elements(${heads}, ${headDim});
    const std::string padding_error = pad_rows(stream, nullptr, 1, padded_du, ${operandRows}, ${headDim});
    if (!padding_error.empty()) return padding_error;
  }
`;
  }
  return `  const Element* matrix = recurrent;
  Element* padded_h = nullptr;
  if (is_padded(${headDim})) {
    Element* copy = static_cast<Element*>(scratch);
    matrix = copy;
    padded_h = copy + matrix_elements(${heads}, ${headDim});
    const int64_t matrix_rows = static_cast<int64_t>(RECURRENT_GATE_COUNT) * ${heads} * ${headDim};
    std::string error = pad_rows(stream, recurrent, matrix_rows, copy, matrix_rows, ${headDim});
    if (error.empty()) error = pad_rows(stream, ${cell.states[0]!.name}_initial, ${batch} * ${heads}, padded_h, ${operandRows}, ${headDim});
    if (!error.empty()) return error;
  }
`;
}
