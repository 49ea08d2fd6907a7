import { gatePlaces } from "../cell/definition.js";
import { renderCellStep } from "../cell/render.js";
import type { SourceFile } from "../plan/family.js";
import { kernelName } from "../plan/kernel-name.js";
import type { Plan } from "../plan/plan.js";
import { savedValues } from "../plan/saved-values.js";
import { headerComment } from "../plan/source-text.js";
import { elementCount, forwardTensors } from "../plan/tensors.js";
import { tolerances } from "../reference/tolerances.js";

/**
 * The host program of a forward kernel: reads a case, or draws fresh inputs, runs the kernel, compares every output with a
 * double-precision reference, and measures. One .cu file that nvcc builds alone, beside the kernel's file.
 */
export function checkSource(plan: Plan, givenName?: string): SourceFile {
  const { problem } = plan;
  const { cell } = problem;
  const name = kernelName(problem, givenName);
  const backward = savedValues(problem);
  const { statements, results } = renderCellStep(
    cell,
    (g) => `u[${g}]`,
    (s) => `states[${s}]`,
    {
      declare: (variable, expression) => `const double ${variable} = ${expression};`,
      literal: (value) => (Number.isInteger(value) ? value.toFixed(1) : `${value}`),
      sigmoid: (operand) => `1.0 / (1.0 + std::exp(-(${operand})))`,
      tanh: (operand) => `std::tanh(${operand})`,
      exp: (operand) => `std::exp(${operand})`,
      log: (operand) => `std::log(${operand})`,
      logSigmoid: (operand) => `log_sigmoid(${operand})`,
      divide: (left, right) => `${left} / ${right}`,
      maximum: (left, right) => `std::max<double>(${left}, ${right})`,
      select: (condition, whenTrue, whenFalse) => `${condition} ? ${whenTrue} : ${whenFalse}`,
    },
    backward && [...backward.states, ...backward.saved.map(({ node }) => node)],
  );
  const tensors = forwardTensors(problem);
  const tensorRows = tensors.map((tensor) => {
    const perStep = tensor.dimensions.includes("T");
    const elements = elementCount(tensor) / (perStep ? problem.steps : 1);
    return `    {"${tensor.name}", ${tensor.role === "input"}, ElementType::${tensor.type}, ${elements}, ${perStep}, ${tensor.isNonNegative}},`;
  });
  const gateRows = gatePlaces(cell).map(
    ({ recurrent, input, bias }) => `{${recurrent ?? -1}, ${input ?? -1}, ${bias ?? -1}}`,
  );
  const pointers = tensors.map((tensor, index) => {
    const type = tensor.type === "fp32" ? "float" : "uint16_t";
    return `static_cast<${tensor.role === "input" ? "const " : ""}${type}*>(tensors[${index}])`;
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
${statements.map((statement) => `  ${statement}`).join("\n")}
${results.map((result, index) => `  ${index < cell.states.length ? `states[${index}]` : `saved[${index - cell.states.length}]`} = ${result};`).join("\n")}
}

std::string launch(Stream stream, void* const* tensors, void* scratch, int steps) {
  return ${name}::launch_forward(
      ${["stream", ...pointers, "scratch", "steps"].join(",\n      ")});
}

const KernelDescription kernel = {
    "${name}",
    ${name}::PLAN_HASH,
    {${gateRows.join(", ")}},
    ${name}::STATE_COUNT,
    ${backward?.saved.length ?? 0},
    ${name}::HEAD_DIM,
    ${name}::HEAD_COUNT,
    ${name}::BATCH,
    ${problem.steps},
    ${tolerances[problem.dataType]},
    ${name}::SCRATCH_BYTES,
    {
${tensorRows.join("\n")}
    },
    launch,
    reference_step,
};

}  // namespace

int main(int argumentCount, char** arguments) { return check_main(kernel, argumentCount, arguments); }
`;
  return { name: `${name}_check.cu`, text };
}
