import type { Problem } from "../plan/problem.js";
import { gradientName, kernelTensors, type Tensor } from "../plan/tensors.js";

const cType = (tensor: Tensor): string => (tensor.type === "fp32" ? "float" : "Element");

/** The kernel's tensor parameters as C++ declarations, in the order of `kernelTensors`. */
export function tensorParameters(problem: Problem): readonly string[] {
  // A gradient of a detached state has no effect.
  const unread = problem.cell.states.filter(({ isDetached }) => isDetached).map(({ name }) => gradientName(name));
  return kernelTensors(problem).map((tensor) => {
    const parameter = `${tensor.role === "input" ? "const " : ""}${cType(tensor)}* ${tensor.name}`;
    return unread.includes(tensor.name) ? `[[maybe_unused]] ${parameter}` : parameter;
  });
}
