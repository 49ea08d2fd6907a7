import { gatesWith } from "../cell/definition.js";
import { isLinear, linearCell } from "../cell/linear.js";
import type { Plan } from "./plan.js";
import type { Pass, Problem } from "./problem.js";
import type { Tensor } from "./tensors.js";

/**
 * A plan whose cell calls its state h: for the text of scans, whose other names are then known. A user's cell may call its state by a name
 * that the text already has.
 */
export function withStateH(plan: Plan): Plan {
  const { cell } = plan.problem;
  const [state] = cell.states;
  if (!isLinear(cell) || state!.name === "h") return plan;
  return { ...plan, problem: { ...plan.problem, cell: linearCell({ ...cell, state: "h" }) } };
}

const tensor = (
  name: string,
  role: Tensor["role"],
  dimensions: string,
  shape: readonly number[],
  type: Tensor["type"],
): Tensor => ({ name, role, dimensions, shape, type, isNonNegative: false });

/**
 * The tensors of a scan, inputs first, in the order of the kernel's parameters. Forward:
 *
 *     wx [B,T,G,N,D]  bias [G,N,D]  h_initial [B,1,N,D]  →  h [B,T,N,D]  h_last [B,1,N,D]
 *
 * and backward, where h is that of the forward pass:
 *
 *     wx  bias  h_initial  h  d_h [B,T,N,D]  d_h_last [B,1,N,D]  →  d_wx [B,T,G,N,D]  d_h_initial [B,1,N,D]
 *
 * Sequences have the problem's data type; the state that enters and leaves, and its gradient, are fp32. A cell without biases has no
 * `bias`.
 */
export function scanTensors(problem: Problem, pass: Pass = problem.pass): readonly Tensor[] {
  const { cell, headDim: D, heads: N, batch: B, steps: T, dataType } = problem;
  const G = gatesWith(cell, "input").length;
  const biasGates = gatesWith(cell, "bias").length;
  const state = cell.states[0]!.name;
  const sequence = (name: string, role: Tensor["role"]): Tensor =>
    tensor(name, role, "B,T,N,D", [B, T, N, D], dataType);
  const one = (name: string, role: Tensor["role"]): Tensor => tensor(name, role, "B,1,N,D", [B, 1, N, D], "fp32");
  const gates = (name: string, role: Tensor["role"]): Tensor =>
    tensor(name, role, "B,T,G,N,D", [B, T, G, N, D], dataType);
  const inputs = [
    gates("wx", "input"),
    ...(biasGates > 0 ? [tensor("bias", "input", "G,N,D", [biasGates, N, D], dataType)] : []),
    one(`${state}_initial`, "input"),
  ];
  return pass === "forward"
    ? [...inputs, sequence(state, "output"), one(`${state}_last`, "output")]
    : [
        ...inputs,
        sequence(state, "input"),
        sequence(`d_${state}`, "input"),
        one(`d_${state}_last`, "input"),
        gates("d_wx", "output"),
        one(`d_${state}_initial`, "output"),
      ];
}
