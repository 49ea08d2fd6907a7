import { KernelgenError } from "../../errors.js";
import { directionCount, type RecurrentProgram } from "../recurrent/program.js";
import { type DirectionWeights, elements, type RecurrentWeights, weightShapes } from "../recurrent/weights.js";
import { blocks, joined } from "./blocks.js";

/** A tensor of a state dict. */
export interface StateTensor {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** A state dict of PyTorch: tensors by their names, as `readSafetensors` gives it, or their numbers alone. */
export type StateDict = Readonly<Record<string, StateTensor | Float32Array>>;

/**
 * For each of a cell's gates the PyTorch gate (by its place among the blocks of weight_ih and weight_hh) whose weights it takes. A bias is
 * b_ih + b_hh, or one of them where `bias` says so.
 */
interface GateOrder {
  readonly module: string;
  /** Blocks of a weight: gates of the PyTorch module. */
  readonly gateCount: number;
  readonly input: readonly number[];
  readonly recurrent: readonly number[];
  readonly bias: readonly { readonly gate: number; readonly of: "both" | "input" | "recurrent" }[];
}

const both = (gate: number) => ({ gate, of: "both" }) as const;

/**
 * PyTorch's LSTM has i, f, g, o where this package has i, f, z, o; its GRU has r, z, n, of which the recurrent part of n is the gate g here
 * (`W_hn h + b_hn`, multiplied by r).
 */
const gateOrders: Readonly<Record<string, GateOrder>> = {
  elman: { module: "torch.nn.RNN", gateCount: 1, input: [0], recurrent: [0], bias: [both(0)] },
  lstm: {
    module: "torch.nn.LSTM",
    gateCount: 4,
    input: [0, 1, 2, 3],
    recurrent: [0, 1, 2, 3],
    bias: [0, 1, 2, 3].map(both),
  },
  gru: {
    module: "torch.nn.GRU",
    gateCount: 3,
    input: [0, 1, 2],
    recurrent: [2, 0, 1],
    bias: [{ gate: 2, of: "recurrent" }, both(0), both(1), { gate: 2, of: "input" }],
  },
};

/** The projection to all gates of the modules of minGRU-pytorch (github.com/lucidrains/minGRU-pytorch), by the cell that they are. */
const scanProjections: Readonly<Record<string, string>> = {
  mingru: "to_hidden_and_gate.weight",
  minlstm: "to_hidden_and_f_i_gate.weight",
};

/**
 * The weights of a program from the state dict of a `torch.nn.RNN` (with tanh), `LSTM` or `GRU`: `weight_ih_l0`, `weight_hh_l0`, `bias_ih_l0`,
 * `bias_hh_l0`, and so on for further layers, with `_reverse` for the other direction. A module without biases has zeros.
 * Those of a minGRU or minLSTM are from a module of minGRU-pytorch: `to_hidden_and_gate.weight`, `to_hidden_and_f_i_gate.weight`.
 *
 * @param prefix what stands before these names, for example "encoder.rnn."
 * @throws `KernelgenError` "invalid-problem" naming a tensor that is missing or has another size, and for what a program cannot express:
 *   projections (`weight_hr`), several heads, other cells
 */
export function weightsFromPyTorch(program: RecurrentProgram, stateDict: StateDict, prefix = ""): RecurrentWeights {
  const { cell, heads, headDim, layers } = program;
  const projectionName = scanProjections[cell.name];
  if (projectionName !== undefined) return scanWeights(program, stateDict, prefix, projectionName);
  const order = gateOrders[cell.name];
  if (order === undefined) {
    const known = [...Object.keys(gateOrders), ...Object.keys(scanProjections)].join(", ");
    throw new KernelgenError("invalid-problem", `PyTorch has no module of the cell ${cell.name}; it has ${known}`);
  }
  if (heads !== 1)
    throw new KernelgenError("invalid-problem", `${order.module} has one head, the program has ${heads}`);
  return {
    layers: Array.from({ length: layers }, (_, layer) =>
      Array.from({ length: directionCount(program) }, (_, direction): DirectionWeights => {
        const suffix = `_l${layer}${direction === 1 ? "_reverse" : ""}`;
        const { input } = weightShapes(program, layer);
        const inputDim = input.at(-1)!;
        const tensor = (name: string, shape: readonly number[]): Float32Array =>
          stateTensor(stateDict, `${prefix}${name}${suffix}`, shape);
        if (`${prefix}weight_hr${suffix}` in stateDict) {
          throw new KernelgenError(
            "invalid-problem",
            `${prefix}weight_hr${suffix}: projections of the state are not supported`,
          );
        }
        const rows = order.gateCount * headDim;
        const hasBias = `${prefix}bias_ih${suffix}` in stateDict || `${prefix}bias_hh${suffix}` in stateDict;
        const biases = {
          input: hasBias ? tensor("bias_ih", [rows]) : new Float32Array(rows),
          recurrent: hasBias ? tensor("bias_hh", [rows]) : new Float32Array(rows),
        };
        return {
          input: blocks(tensor("weight_ih", [rows, inputDim]), order.gateCount, order.input),
          recurrent: blocks(tensor("weight_hh", [rows, headDim]), order.gateCount, order.recurrent),
          bias: joined(
            order.bias.map(({ gate, of }) => {
              const of1 = blocks(biases.input, order.gateCount, [gate]);
              const of2 = blocks(biases.recurrent, order.gateCount, [gate]);
              if (of !== "both") return of === "input" ? of1 : of2;
              return of1.map((value, index) => value + of2[index]!);
            }),
          ),
        };
      }),
    ),
  };
}

/** The weights of a program of one layer from the state dict of a module of minGRU-pytorch, whose gates lie in the program's order. */
function scanWeights(
  program: RecurrentProgram,
  stateDict: StateDict,
  prefix: string,
  projectionName: string,
): RecurrentWeights {
  const { cell, layers } = program;
  if (layers !== 1 || directionCount(program) !== 1) {
    throw new KernelgenError(
      "invalid-problem",
      `${cell.name}: its modules have 1 layer and direction, the program has ${layers} and ${directionCount(program)}`,
    );
  }
  if (`${prefix}to_out.weight` in stateDict) {
    throw new KernelgenError("invalid-problem", `${prefix}to_out.weight: projections of the output are not supported`);
  }
  const [gates, heads, headDim, inputDim] = weightShapes(program, 0).input as [number, number, number, number];
  const input = stateTensor(stateDict, `${prefix}${projectionName}`, [gates * heads * headDim, inputDim]);
  return { layers: [[{ input, recurrent: new Float32Array(0), bias: new Float32Array(0) }]] };
}

function stateTensor(stateDict: StateDict, name: string, shape: readonly number[]): Float32Array {
  const tensor = stateDict[name];
  const wanted = `[${shape.join(",")}]`;
  if (tensor === undefined) {
    throw new KernelgenError(
      "invalid-problem",
      `the state dict has no ${name} ${wanted}; it has ${Object.keys(stateDict).join(", ")}`,
    );
  }
  const values = tensor instanceof Float32Array ? tensor : tensor.values;
  const has = tensor instanceof Float32Array ? `${values.length} values` : `[${tensor.shape.join(",")}]`;
  const fits = tensor instanceof Float32Array || tensor.shape.join() === shape.join();
  if (values.length !== elements(shape) || !fits) {
    throw new KernelgenError("invalid-problem", `${name}: the state dict has ${has}, the program needs ${wanted}`);
  }
  return values;
}
