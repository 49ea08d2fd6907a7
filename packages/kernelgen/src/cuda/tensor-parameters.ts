import type { Problem } from "../plan/problem.js";
import { gradientName, kernelTensors, type Tensor } from "../plan/tensors.js";

/** The C++ type of a tensor's elements: numbers of the problem's type are `Element`, or what is given in its place. */
export const cType = ({ type }: Pick<Tensor, "type">, element = "Element"): string =>
  type === "fp32" ? "float" : type === "int32" ? "int32_t" : element;

/** The kernel's tensor parameters as C++ declarations, in the order of `kernelTensors`. */
export function tensorParameters(problem: Problem): readonly string[] {
  // A gradient of a detached state has no effect, and where the gradient through R is cut there is no product.
  const unread = [
    ...problem.cell.states.filter(({ isDetached }) => isDetached).map(({ name }) => gradientName(name)),
    ...(problem.recurrentGradientCut ? ["recurrent"] : []),
  ];
  return kernelTensors(problem).map((tensor) => {
    const parameter = `${tensor.role === "input" ? "const " : ""}${cType(tensor)}* ${tensor.name}`;
    return unread.includes(tensor.name) ? `[[maybe_unused]] ${parameter}` : parameter;
  });
}
