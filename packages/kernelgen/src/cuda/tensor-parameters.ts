import type { Problem } from "../plan/problem.js";
import { kernelTensors, type Tensor } from "../plan/tensors.js";

const cType = (tensor: Tensor): string => (tensor.type === "fp32" ? "float" : "Element");

/** The kernel's tensor parameters as C++ declarations, in the order of `kernelTensors`. */
export function tensorParameters(problem: Problem): readonly string[] {
  return kernelTensors(problem).map((tensor) =>
    tensor.role === "input" ? `const ${cType(tensor)}* ${tensor.name}` : `${cType(tensor)}* ${tensor.name}`,
  );
}
