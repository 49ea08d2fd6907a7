import { type CellVariant, variantName } from "../../cell/variant.js";
import { KernelgenError } from "../../errors.js";
import { directionCount, type RecurrentProgram } from "../recurrent/program.js";
import { type DirectionWeights, elements, type RecurrentWeights } from "../recurrent/weights.js";
import { blocks, joined } from "./blocks.js";

/** A tensor of an ONNX model, as float32. */
export interface OnnxTensor {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/**
 * An LSTM, GRU or RNN operator of ONNX: its attributes under their ONNX names, and the inputs that do not change from call to call.
 *
 * Source: https://onnx.ai/onnx/operators, LSTM, GRU and RNN.
 */
export interface OnnxOperator {
  readonly opType: "LSTM" | "GRU" | "RNN";
  readonly attributes?: OnnxAttributes;
  /** [directions,G·H,I]; the gates are i, o, f, c of an LSTM, z, r, h of a GRU. */
  readonly W: OnnxTensor;
  /** [directions,G·H,H] */
  readonly R: OnnxTensor;
  /** [directions,2·G·H]: the biases of W, then those of R. Zeros if left out. */
  readonly B?: OnnxTensor;
  /** Peepholes of an LSTM: [directions,3·H], of the gates i, o, f. */
  readonly P?: OnnxTensor;
}

export interface OnnxAttributes {
  readonly hidden_size?: number;
  readonly direction?: string;
  /** 0: sequences are [T,B,·]; 1: [B,T,·]. */
  readonly layout?: number;
  readonly linear_before_reset?: number;
  readonly activations?: readonly string[];
  readonly activation_alpha?: readonly number[];
  readonly activation_beta?: readonly number[];
  readonly clip?: number;
  readonly input_forget?: number;
}

/** How the gates of a cell are made of those of an operator. */
interface OnnxCell {
  readonly cell: string;
  /** The operator's gates in its order. */
  readonly gates: string;
  /** For each gate of the cell's tensors, the operator's gate. */
  readonly input: string;
  readonly recurrent: string;
  /** The same, and which of the operator's two biases it is: their sum, or that of W or R alone. */
  readonly bias: readonly (readonly [gate: string, of: "both" | "W" | "R"])[];
  readonly activations: readonly string[];
}

const both = (gates: string) => [...gates].map((gate) => [gate, "both"] as const);

const onnxCells = {
  RNN: { cell: "elman", gates: "i", input: "i", recurrent: "i", bias: both("i"), activations: ["Tanh"] },
  LSTM: {
    cell: "lstm",
    gates: "iofc",
    input: "ifco",
    recurrent: "ifco",
    bias: both("ifco"),
    activations: ["Sigmoid", "Tanh", "Tanh"],
  },
  // The reset gate multiplies R_h h + b, with its own bias.
  resetAfter: {
    cell: "gru",
    gates: "zrh",
    input: "rzh",
    recurrent: "hrz",
    bias: [["h", "R"], ...both("rz"), ["h", "W"]],
    activations: ["Sigmoid", "Tanh"],
  },
  // The reset gate multiplies h.
  resetFirst: {
    cell: "gru_reset_first",
    gates: "zrh",
    input: "rzh",
    recurrent: "rzh",
    bias: both("rzh"),
    activations: ["Sigmoid", "Tanh"],
  },
} as const satisfies Record<string, OnnxCell>;

function onnxCell({ opType, attributes }: OnnxOperator): OnnxCell {
  if (opType !== "GRU") return onnxCells[opType];
  return attributes?.linear_before_reset ? onnxCells.resetAfter : onnxCells.resetFirst;
}

/** What a network of an operator is planned with, beside batch and steps. */
export interface OnnxNetworkOptions {
  readonly cell: string;
  readonly variant: CellVariant;
  readonly inputDim: number;
  readonly headDim: number;
  readonly bidirectional: boolean;
  readonly reverse: boolean;
}

/**
 * The options of `planRecurrent` that an ONNX operator stands for. All gate orders, directions, and both meanings of `linear_before_reset`
 * are supported, in both layouts, with peepholes, `clip` and `input_forget`.
 *
 * Throws `KernelgenError` "invalid-problem", naming it, for activations that no cell has, and for shapes that do not belong together.
 */
export function recurrentOptionsFromOnnx(operator: OnnxOperator): OnnxNetworkOptions {
  const { attributes = {}, W, R, B, P, opType } = operator;
  const { cell, gates, activations } = onnxCell(operator);
  const direction = attributes.direction ?? "forward";
  if (!["forward", "reverse", "bidirectional"].includes(direction)) throw refuse(opType, `direction "${direction}"`);
  const bidirectional = direction === "bidirectional";
  const directions = bidirectional ? 2 : 1;
  const expected = Array.from({ length: directions }, () => activations).flat();
  const given = attributes.activations ?? expected;
  if (given.join().toLowerCase() !== expected.join().toLowerCase()) {
    throw refuse(opType, `activations ${given.join(", ")}; supported are ${expected.join(", ")}`);
  }
  const { clip } = attributes;
  if (clip !== undefined && !(clip >= 0)) throw refuse(opType, `clip ${clip}`);
  const isLstm = opType === "LSTM";
  if (!isLstm && (P !== undefined || attributes.input_forget)) throw refuse(opType, "peepholes and input_forget");
  const headDim = R.shape.at(-1) ?? 0;
  const inputDim = W.shape.at(-1) ?? 0;
  const rows = gates.length * headDim;
  requireShape(`${opType}: R`, R, [directions, rows, headDim]);
  requireShape(`${opType}: W`, W, [directions, rows, inputDim]);
  if (B !== undefined) requireShape(`${opType}: B`, B, [directions, 2 * rows]);
  if (P !== undefined) requireShape(`${opType}: P`, P, [directions, peepholeOrder.length * headDim]);
  if (attributes.hidden_size !== undefined && attributes.hidden_size !== headDim) {
    throw refuse(opType, `hidden_size ${attributes.hidden_size} with R of ${headDim} units`);
  }
  const variant: CellVariant = {
    ...(P !== undefined && { peepholes: true }),
    ...(isLstm && attributes.input_forget && { coupledGates: true }),
    // The operator's default, no clipping, may be written as 0.
    ...(clip && { clip }),
  };
  return { cell, variant, inputDim, headDim, bidirectional, reverse: direction === "reverse" };
}

/** The operator's peepholes in its order. */
const peepholeOrder = "iof";

/** The weights of a program that was planned with `recurrentOptionsFromOnnx`. Throws as that does, and where the program is another's. */
export function weightsFromOnnx(program: RecurrentProgram, operator: OnnxOperator): RecurrentWeights {
  const options = recurrentOptionsFromOnnx(operator);
  const planned = { ...program, cell: program.cell.name };
  const needed = { ...options, cell: variantName(options.cell, options.variant) };
  for (const name of ["cell", "inputDim", "headDim", "bidirectional", "reverse"] as const) {
    if (planned[name] === needed[name]) continue;
    throw new KernelgenError(
      "invalid-problem",
      `the program was planned for another operator: its ${name} is ${planned[name]}, the operator's ${needed[name]}`,
    );
  }
  const { gates, ...order } = onnxCell(operator);
  // With coupled gates the operator's forget gate is there, and nothing reads it.
  const isRead = (gate: string): boolean => !(options.variant.coupledGates && gate === "f");
  const [input, recurrent] = [order.input, order.recurrent].map((wanted) => [...wanted].filter(isRead).join(""));
  const bias = order.bias.filter(([gate]) => isRead(gate));
  const peepholes = [...input!].filter((gate) => peepholeOrder.includes(gate));
  const { W, R, B, P } = operator;
  const count = directionCount(program);
  const rows = gates.length * program.headDim;
  const biases = B?.values ?? new Float32Array(count * 2 * rows);
  const inOrder = (values: Float32Array, wanted: string): Float32Array =>
    blocks(
      values,
      gates.length,
      [...wanted].map((gate) => gates.indexOf(gate)),
    );
  return {
    layers: [
      Array.from({ length: count }, (_, direction): DirectionWeights => {
        const [ofW, ofR] = [0, 1].map((part) =>
          biases.subarray((2 * direction + part) * rows, (2 * direction + part + 1) * rows),
        );
        return {
          input: inOrder(blocks(W.values, count, [direction]), input!),
          recurrent: inOrder(blocks(R.values, count, [direction]), recurrent!),
          bias: joined([
            ...bias.map(([gate, part]) => {
              const [w, r] = [inOrder(ofW!, gate), inOrder(ofR!, gate)];
              if (part !== "both") return part === "W" ? w : r;
              return w.map((value, index) => value + r[index]!);
            }),
            ...(P === undefined
              ? []
              : [
                  blocks(
                    blocks(P.values, count, [direction]),
                    peepholeOrder.length,
                    peepholes.map((gate) => peepholeOrder.indexOf(gate)),
                  ),
                ]),
          ]),
        };
      }),
    ],
  };
}

const refuse = (opType: string, what: string): KernelgenError =>
  new KernelgenError("invalid-problem", `ONNX ${opType}: not supported: ${what}`);

/** Throws `KernelgenError` "invalid-problem" where a tensor has another shape. */
export function requireShape(what: string, { shape, values }: OnnxTensor, needed: readonly number[]): void {
  if (shape.join() === needed.join() && values.length === elements(needed)) return;
  throw new KernelgenError(
    "invalid-problem",
    `ONNX ${what}: has the shape [${shape.join(",")}] and ${values.length} values, needs [${needed.join(",")}]`,
  );
}
