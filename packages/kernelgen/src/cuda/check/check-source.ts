import { gatePlaces } from "../../cell/definition.js";
import type { SourceFile } from "../../plan/family.js";
import { kernelName } from "../../plan/kernel-name.js";
import type { Plan } from "../../plan/plan.js";
import type { Problem } from "../../plan/problem.js";
import { backwardStep, savedValues } from "../../plan/saved-values.js";
import { headerComment } from "../../plan/source-text.js";
import { elementCount, forwardTensors, kernelTensors, type Tensor } from "../../plan/tensors.js";
import { toleranceOf } from "../../reference/tolerances.js";
import { backwardStreams } from "../backward-streams.js";
import { backwardStepStatements, stepStatements } from "../cell-step-source.js";
import { cType } from "../tensor-parameters.js";
import { doubleDialect } from "./double-dialect.js";

/** A tensor as the check program describes it. */
function tensorRow(tensor: Tensor, problem: Problem): string {
  const perStep = tensor.dimensions.includes("T");
  const elements = elementCount(tensor) / (perStep ? problem.steps : 1);
  return `    {"${tensor.name}", ${tensor.role === "input"}, ElementType::${tensor.type}, ${elements}, ${perStep}, ${tensor.isNonNegative}},`;
}

/** C++ of what a backward kernel computes, and of the forward pass that makes its inputs; empty for a forward kernel. */
function backwardDescription(problem: Problem): string {
  if (problem.pass === "forward") return "";
  const { cell } = problem;
  const step = backwardStep(problem);
  const { previous, next } = backwardStreams(problem);
  const quoted = (items: readonly { readonly name: string }[]): string =>
    items.map(({ name }) => `"${name}"`).join(", ");
  const numbers = (states: typeof previous): string => states.map((state) => cell.states.indexOf(state)).join(", ");
  const clip = problem.recurrentGradientCut ? 0 : problem.recurrentGradientClip;
  return `
void reference_backward_step([[maybe_unused]] const double* saved, [[maybe_unused]] const double* previous,
                             [[maybe_unused]] const double* next, double* adjoints, double* du) {
${backwardStepStatements(problem, doubleDialect)}
}

const BackwardDescription backward = {
    {
${forwardTensors({ ...problem, stateOutput: "sequence" })
  .map((tensor) => tensorRow(tensor, problem))
  .join("\n")}
    },
    {${quoted(cell.states)}},
    {${quoted(step.saved)}},
    {${quoted(cell.gates)}},
    {${numbers(previous)}},
    {${numbers(next)}},
    reference_backward_step,${clip === undefined ? "" : `\n    ${doubleDialect.literal(clip)},`}
};
`;
}

/**
 * The host program of a kernel: reads a case, or draws fresh inputs, runs the kernel, compares every output with a
 * double-precision reference, and measures. One .cu file that nvcc builds alone, beside the kernel's file.
 */
export function checkSource(plan: Plan, givenName?: string): SourceFile {
  const { problem } = plan;
  const { cell } = problem;
  const name = kernelName(problem, givenName);
  const savedCount = savedValues(problem)?.saved.length ?? 0;
  const tensors = kernelTensors(problem);
  const gateRows = gatePlaces(cell).map(
    ({ recurrent, input, bias }) => `{${recurrent ?? -1}, ${input ?? -1}, ${bias ?? -1}}`,
  );
  const pointers = tensors.map((tensor, index) => {
    return `static_cast<${tensor.role === "input" ? "const " : ""}${cType(tensor, "uint16_t")}*>(tensors[${index}])`;
  });
  const text = `${headerComment(plan, `Checks and times ${name}.cu`)}
//
// Build:  nvcc -O3 -std=c++17 -arch=native -o ${name}_check ${name}_check.cu
#include "${name}.cu"

#include <algorithm>
#include <cmath>

#include "check.hpp"

namespace {

using namespace kernelgen;

void reference_step(const double* u, double* states, [[maybe_unused]] double* saved) {
${stepStatements(problem, doubleDialect)}
}
${backwardDescription(problem)}
std::string launch(Stream stream, void* const* tensors, void* scratch, int steps) {
  return ${name}::launch_${problem.pass}(
      ${["stream", ...pointers, "scratch", "steps"].join(",\n      ")});
}

const KernelDescription kernel = {
    "${name}",
    ${name}::PLAN_HASH,
    {${gateRows.join(", ")}},
    ${cell.states.length},
    ${savedCount},
    ${name}::HEAD_DIM,
    ${name}::HEAD_COUNT,
    ${name}::BATCH,
    ${problem.steps},
    ${toleranceOf(problem)},
    ${name}::SCRATCH_BYTES,
    {
${tensors.map((tensor) => tensorRow(tensor, problem)).join("\n")}
    },
    launch,
    reference_step,${problem.pass === "backward" ? "\n    &backward," : ""}
};

}  // namespace

int main(int argumentCount, char** arguments) { return check_main(kernel, argumentCount, arguments); }
`;
  return { name: `${name}_check.cu`, text };
}
