import { gateInput, gatesWith, stateInput, stepGraph } from "../../cell/definition.js";
import { decayGate } from "../../cell/linear.js";
import { renderScalars } from "../../cell/render.js";
import type { Scalar } from "../../cell/scalar.js";
import { adjointInput, stepGradient } from "../../cell/step-gradient.js";
import type { SourceFile } from "../../plan/family.js";
import { kernelName } from "../../plan/kernel-name.js";
import type { Plan } from "../../plan/plan.js";
import { scanTensors } from "../../plan/scan-tensors.js";
import { headerComment } from "../../plan/source-text.js";
import { scanTolerances } from "../../reference/tolerances.js";
import { doubleDialect } from "../check/double-dialect.js";
import { linearCellOf } from "./column-source.js";

/** The host program of a scan: compares it with double precision on fresh inputs, and measures. */
export function scanCheckSource(plan: Plan, givenName?: string): SourceFile {
  const { problem } = plan;
  const cell = linearCellOf(problem);
  const state = cell.states[0]!;
  const name = kernelName(problem, givenName);
  const inputs = {
    ...Object.fromEntries(cell.gates.map((gate, g) => [gateInput(gate), `u[${g}]`])),
    [stateInput(state)]: "state",
    [adjointInput(state)]: "adjoint",
  };
  const lines = (roots: readonly Scalar[], finish: (results: readonly string[]) => readonly string[]): string => {
    const { statements, results } = renderScalars(roots, inputs, doubleDialect);
    return [...statements, ...finish(results)].map((line) => `  ${line}`).join("\n");
  };
  const { gateGradients, previousGradients } = stepGradient(cell);
  const pointers = scanTensors(problem).map(({ type, role }, index) => {
    const element = type === "fp32" ? "float" : "uint16_t";
    return `static_cast<${role === "input" ? "const " : ""}${element}*>(tensors[${index}])`;
  });
  const biasGates = gatesWith(cell, "bias").map((gate) => cell.gates.indexOf(gate));
  const text = `${headerComment(plan, `Checks and times ${name}.cu`)}
//
// Build:  nvcc -O3 -std=c++17 -arch=native -o ${name}_check ${name}_check.cu
#include "${name}.cu"
#include "scan_check.hpp"

namespace {

using namespace kernelgen;

double reference_step(const double* u, double state) {
${lines(stepGraph(cell), ([next]) => [`return ${next};`])}
}

void reference_gradients(const double* u, [[maybe_unused]] double state, double adjoint, double* d_u, double& d_state) {
${lines([...gateGradients, ...previousGradients], (results) => [
  ...cell.gates.map((_, g) => `d_u[${g}] = ${results[g]};`),
  `d_state = ${results.at(-1)};`,
])}
}

std::string launch(Stream stream, void* const* tensors, const int* lengths, void* scratch, int batch, int steps) {
  return ${name}::launch_${problem.pass}(
      ${["stream", ...pointers, "lengths", "scratch", "batch", "steps"].join(",\n      ")});
}

const ScanDescription scan = {
    "${name}",
    ${name}::PLAN_HASH,
    ${problem.pass === "forward"},
    ${cell.gates.length},
    {${biasGates.join(", ")}},
    ${decayGate(cell)},
    ${problem.headDim * problem.heads},
    ${problem.batch},
    ${problem.steps},
    StoredAs::${problem.dataType},
    ${scanTolerances[problem.dataType]},
    ${name}::scratch_bytes,
    ${name}::prepare_scratch,
    launch,
    reference_step,
    reference_gradients,
};

}  // namespace

int main(int argumentCount, char** arguments) { return scan_check_main(scan, argumentCount, arguments); }
`;
  return { name: `${name}_check.cu`, text };
}
