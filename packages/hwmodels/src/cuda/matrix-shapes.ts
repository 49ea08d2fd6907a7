import {
  type AccumulatorType,
  allMatrixShapes,
  type MatrixInstruction,
  type MatrixShape,
  type MatrixType,
} from "../catalog/cuda/matrix-instructions.js";
import type { ComputeCapability } from "../device.js";

/** Which matrix shapes are asked for; what is left out is not restricted. */
export interface MatrixShapeQuery {
  readonly instruction?: MatrixInstruction;
  readonly input?: MatrixType;
  readonly accumulator?: AccumulatorType;
}

/** The matrix multiplications that a device has an instruction for. */
export function matrixShapes(
  { computeCapability }: { readonly computeCapability: ComputeCapability },
  { instruction, input, accumulator }: MatrixShapeQuery = {},
): readonly MatrixShape[] {
  return allMatrixShapes.filter(
    (shape) =>
      has(computeCapability, shape) &&
      (instruction === undefined || shape.instruction === instruction) &&
      (input === undefined || shape.input === input) &&
      (accumulator === undefined || shape.accumulators.includes(accumulator)),
  );
}

function has({ major, minor }: ComputeCapability, { since, architectureSpecific }: MatrixShape): boolean {
  const same = major === since.major && minor === since.minor;
  if (architectureSpecific) return same;
  return same || major > since.major || (major === since.major && minor > since.minor);
}

const typeBits: Readonly<Record<MatrixType | AccumulatorType, number>> = {
  f16: 16,
  bf16: 16,
  tf32: 32,
  f32: 32,
  f64: 64,
  e4m3: 8,
  e5m2: 8,
  s8: 8,
  u8: 8,
  s4: 4,
  u4: 4,
  b1: 1,
  s32: 32,
};
const registerBits = 32;

/** 32-bit registers of one thread for the fragments of one multiplication. */
export interface FragmentRegisters {
  readonly a: number;
  /** `null` where B stays in shared memory. */
  readonly b: number | null;
  readonly accumulator: number;
}

/**
 * The 32-bit registers of a thread that hold each fragment: elements · bits / 32.
 *
 * @param accumulator one of the shape's accumulator types.
 */
export function fragmentRegisters(shape: MatrixShape, accumulator: AccumulatorType): FragmentRegisters {
  const { a, b, accumulator: sums } = shape.elementsPerThread;
  const registers = (elements: number, type: MatrixType | AccumulatorType): number =>
    Math.ceil((elements * typeBits[type]) / registerBits);
  return {
    a: registers(a, shape.input),
    b: b === null ? null : registers(b, shape.input),
    accumulator: registers(sums, accumulator),
  };
}
