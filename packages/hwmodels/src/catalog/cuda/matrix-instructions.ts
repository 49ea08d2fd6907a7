import type { ComputeCapability } from "../../device.js";
import { deepFreeze } from "../../freeze.js";

/** The ways in which CUDA multiplies small matrices. */
export type MatrixInstruction = "mma.sync" | "wmma" | "wgmma";

/** Types of the matrices that are multiplied, under their PTX names. */
export type MatrixType = "f16" | "bf16" | "tf32" | "f64" | "e4m3" | "e5m2" | "s8" | "u8" | "s4" | "u4" | "b1";

/** Types of the sum. */
export type AccumulatorType = "f16" | "f32" | "f64" | "s32";

/** A matrix multiplication D = A·B + C that one instruction does, A being m × k and B k × n. */
export interface MatrixShape {
  readonly instruction: MatrixInstruction;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  /** Type of A and B. */
  readonly input: MatrixType;
  /** Types that C and D may have. */
  readonly accumulators: readonly AccumulatorType[];
  /** Threads that execute it together: a warp, or for `wgmma` a warpgroup of four. */
  readonly threads: number;
  /** Independent multiplications of one instruction, each by a part of the warp. */
  readonly multiplications: number;
  /**
   * Elements of each matrix that a thread holds in registers; `null` where the matrix stays in shared memory. A of
   * `wgmma` may be in either.
   */
  readonly elementsPerThread: { readonly a: number; readonly b: number | null; readonly accumulator: number };
  /** The first compute capability that has it. */
  readonly since: ComputeCapability;
  /** Whether later ones lack it: it then needs the architecture-specific target, e.g. `sm_90a`. */
  readonly architectureSpecific: boolean;
}

const capability = (text: string): ComputeCapability => {
  const [major, minor] = text.split(".").map(Number);
  return { major: major!, minor: minor! };
};

const warpSize = 32;
const warpgroupSize = 4 * warpSize;

/** Shapes m × n × k of `mma.sync`: each thread holds an equal part of each matrix. */
function mma(
  shapes: readonly (readonly [m: number, n: number, k: number])[],
  inputs: readonly MatrixType[],
  accumulators: readonly AccumulatorType[],
  since: string,
  multiplications = 1,
): readonly MatrixShape[] {
  const part = (elements: number): number => (elements * multiplications) / warpSize;
  return shapes.flatMap(([m, n, k]) =>
    inputs.map(
      (input): MatrixShape => ({
        instruction: "mma.sync",
        m,
        n,
        k,
        input,
        accumulators,
        threads: warpSize,
        multiplications,
        elementsPerThread: { a: part(m * k), b: part(k * n), accumulator: part(m * n) },
        since: capability(since),
        architectureSpecific: false,
      }),
    ),
  );
}

const f16OrF32 = ["f16", "f32"] as const;

/** Source: PTX ISA 9.0, "Warp-level matrix instructions: mma". */
const mmaShapes: readonly MatrixShape[] = [
  // Made for Volta, where a quarter of the warp does each of the four; slow on its successors.
  ...mma([[8, 8, 4]], ["f16"], f16OrF32, "7.0", 4),
  ...mma([[16, 8, 8]], ["f16"], f16OrF32, "7.5"),
  ...mma([[16, 8, 16]], ["f16"], f16OrF32, "8.0"),
  ...mma(
    [
      [16, 8, 8],
      [16, 8, 16],
    ],
    ["bf16"],
    ["f32"],
    "8.0",
  ),
  ...mma(
    [
      [16, 8, 4],
      [16, 8, 8],
    ],
    ["tf32"],
    ["f32"],
    "8.0",
  ),
  ...mma([[8, 8, 4]], ["f64"], ["f64"], "8.0"),
  ...mma(
    [
      [16, 8, 4],
      [16, 8, 8],
      [16, 8, 16],
    ],
    ["f64"],
    ["f64"],
    "9.0",
  ),
  ...mma(
    [
      [16, 8, 16],
      [16, 8, 32],
    ],
    ["e4m3", "e5m2"],
    f16OrF32,
    "8.9",
  ),
  ...mma([[8, 8, 16]], ["s8", "u8"], ["s32"], "7.5"),
  ...mma(
    [
      [16, 8, 16],
      [16, 8, 32],
    ],
    ["s8", "u8"],
    ["s32"],
    "8.0",
  ),
  ...mma([[8, 8, 32]], ["s4", "u4"], ["s32"], "7.5"),
  ...mma(
    [
      [16, 8, 32],
      [16, 8, 64],
    ],
    ["s4", "u4"],
    ["s32"],
    "8.0",
  ),
  // With exclusive or; the logical and came with 8.0.
  ...mma([[8, 8, 128]], ["b1"], ["s32"], "7.5"),
  ...mma(
    [
      [16, 8, 128],
      [16, 8, 256],
    ],
    ["b1"],
    ["s32"],
    "8.0",
  ),
];

const squareAndFlat = [
  [16, 16, 16],
  [32, 8, 16],
  [8, 32, 16],
] as const;

/**
 * The `wmma` functions of C++. f16 fragments hold 16 elements whatever the tile, some of them more than once.
 *
 * Source: `crt/mma.h`, CUDA Toolkit 13.0.
 */
const wmmaShapes: readonly MatrixShape[] = [
  ...mma(squareAndFlat, ["f16"], f16OrF32, "7.0").map((shape) => ({
    ...shape,
    elementsPerThread: { ...shape.elementsPerThread, a: 16, b: 16 },
  })),
  ...mma(squareAndFlat, ["bf16"], ["f32"], "8.0"),
  ...mma([[16, 16, 8]], ["tf32"], ["f32"], "8.0"),
  ...mma([[8, 8, 4]], ["f64"], ["f64"], "8.0"),
  ...mma(squareAndFlat, ["s8", "u8"], ["s32"], "7.2"),
  ...mma([[8, 8, 32]], ["s4", "u4"], ["s32"], "7.5"),
  ...mma([[8, 8, 128]], ["b1"], ["s32"], "7.5"),
].map((shape): MatrixShape => ({ ...shape, instruction: "wmma" }));

const multiplesOf = (unit: number, from: number, to: number): readonly number[] =>
  Array.from({ length: (to - from) / unit + 1 }, (_, index) => from + index * unit);

const everyEight = multiplesOf(8, 8, 256);
/** Integers skip some widths. */
const integerWidths: readonly number[] = [8, 16, 24, 32, ...multiplesOf(16, 48, 256)];

function wgmma(
  widths: readonly number[],
  k: number,
  inputs: readonly MatrixType[],
  accumulators: readonly AccumulatorType[],
): readonly MatrixShape[] {
  return inputs.flatMap((input) =>
    widths.map(
      (n): MatrixShape => ({
        instruction: "wgmma",
        m: 64,
        n,
        k,
        input,
        accumulators,
        threads: warpgroupSize,
        multiplications: 1,
        elementsPerThread: { a: (64 * k) / warpgroupSize, b: null, accumulator: (64 * n) / warpgroupSize },
        since: capability("9.0"),
        architectureSpecific: true,
      }),
    ),
  );
}

/** Source: PTX ISA 9.0, "Asynchronous warpgroup-level matrix instructions: wgmma.mma_async". */
const wgmmaShapes: readonly MatrixShape[] = [
  ...wgmma(everyEight, 16, ["f16"], f16OrF32),
  ...wgmma(everyEight, 16, ["bf16"], ["f32"]),
  ...wgmma(everyEight, 8, ["tf32"], ["f32"]),
  ...wgmma(everyEight, 32, ["e4m3", "e5m2"], f16OrF32),
  ...wgmma(integerWidths, 32, ["s8", "u8"], ["s32"]),
  ...wgmma(integerWidths, 256, ["b1"], ["s32"]),
];

/**
 * Every matrix shape of every compute capability.
 *
 * Block-scaled and sparse multiplications are left out, and so is `tcgen05` (10.0, 10.3 and 11.0): it keeps its
 * accumulators in tensor memory, so no thread holds fragments of it.
 */
export const allMatrixShapes: readonly MatrixShape[] = deepFreeze([...mmaShapes, ...wmmaShapes, ...wgmmaShapes]);
