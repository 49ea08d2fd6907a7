import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { capabilityText, cudaArchitectures } from "../../../packages/hwmodels/src/catalog/cuda/compute-capabilities.js";
import {
  allMatrixShapes,
  type MatrixShape,
  type MatrixType,
} from "../../../packages/hwmodels/src/catalog/cuda/matrix-instructions.js";
import { findDevice } from "../../../packages/hwmodels/src/catalog/find-device.js";
import { fragmentRegisters, matrixShapes } from "../../../packages/hwmodels/src/cuda/matrix-shapes.js";
import type { CudaDevice, CudaMultiprocessor } from "../../../packages/hwmodels/src/device.js";
import { type PtxInstruction, ptxasMissing, ptxInstruction, refusedBy } from "./ptxas.js";
import { includeFolders } from "./vendor-calculator.js";

const text = ({ instruction, m, n, k, input }: PtxInstruction["shape"]): string =>
  `${instruction} ${m}x${n}x${k} ${input}`;
const of = (instruction: string): readonly MatrixShape[] =>
  allMatrixShapes.filter((shape) => shape.instruction === instruction);

describe("matrix shapes", () => {
  test("are each listed once", () => {
    expect(new Set(allMatrixShapes.map(text)).size).toBe(allMatrixShapes.length);
  });

  test("share their elements equally among the threads of mma.sync and wgmma", () => {
    for (const shape of [...of("mma.sync"), ...of("wgmma")]) {
      const { m, n, k, threads, multiplications, elementsPerThread } = shape;
      expect(elementsPerThread.a * threads, text(shape)).toBe(m * k * multiplications);
      expect(elementsPerThread.accumulator * threads, text(shape)).toBe(m * n * multiplications);
      if (shape.instruction === "wgmma") expect(elementsPerThread.b).toBeNull();
      else expect(elementsPerThread.b! * threads, text(shape)).toBe(k * n * multiplications);
    }
  });

  test("of wmma hold every element, those of f16 up to four times", () => {
    for (const shape of of("wmma")) {
      const { m, n, k, threads, elementsPerThread, input } = shape;
      const copies = [(elementsPerThread.a * threads) / (m * k), (elementsPerThread.b! * threads) / (k * n)];
      for (const count of copies) expect(input === "f16" ? [1, 2, 4] : [1], text(shape)).toContain(count);
      expect(elementsPerThread.accumulator * threads).toBe(m * n);
    }
  });

  // The fragments of LSTM kernels, from the figures of the PTX ISA: a 4, b 2, accumulator 4 registers.
  test("m16n8k16 of bf16 takes 4, 2 and 4 registers", () => {
    const [shape] = matrixShapes(findDevice("h200") as CudaDevice, { instruction: "mma.sync", input: "bf16" }).filter(
      ({ k }) => k === 16,
    );
    expect(shape!.elementsPerThread).toEqual({ a: 8, b: 4, accumulator: 4 });
    expect(fragmentRegisters(shape!, "f32")).toEqual({ a: 4, b: 2, accumulator: 4 });
  });

  test.each([
    ["v100", ["f16"]],
    ["t4", ["f16", "s8", "u8", "s4", "u4", "b1"]],
    ["a100", ["f16", "bf16", "tf32", "f64", "s8", "u8", "s4", "u4", "b1"]],
    ["rtx4090", ["f16", "bf16", "tf32", "f64", "e4m3", "e5m2", "s8", "u8", "s4", "u4", "b1"]],
    ["rtx5090", ["f16", "bf16", "tf32", "f64", "e4m3", "e5m2", "s8", "u8", "s4", "u4", "b1"]],
  ])("mma.sync on %s takes %j", (id, types) => {
    const shapes = matrixShapes(findDevice(id) as CudaDevice, { instruction: "mma.sync" });
    expect([...new Set(shapes.map(({ input }) => input))]).toEqual(types);
  });

  test("of bf16 exist where the device says so", () => {
    for (const row of cudaArchitectures) {
      const shapes = matrixShapes(row, { instruction: "mma.sync", input: "bf16", accumulator: "f32" });
      expect(shapes.length > 0, capabilityText(row.computeCapability)).toBe(row.supports.bf16MatrixMultiply);
    }
  });

  test("wgmma exists on Hopper alone", () => {
    const having = cudaArchitectures.filter((row) => matrixShapes(row, { instruction: "wgmma" }).length > 0);
    expect(having.map(({ computeCapability: { major } }) => major)).toEqual([9]);
  });
});

describe("against crt/mma.h", () => {
  const header = includeFolders()
    .map((folder) => `${folder}/crt/mma.h`)
    .find((file) => existsSync(file));

  test("wmma has the vendor's shapes and fragments, and no others", (context) => {
    if (header === undefined) return context.skip("no crt/mma.h: wmma fragments are not compared with the vendor's");
    const types: Record<string, MatrixType | "s32" | "f32"> = {
      __half: "f16",
      __nv_bfloat16: "bf16",
      "precision::tf32": "tf32",
      double: "f64",
      "signed char": "s8",
      "unsigned char": "u8",
      "experimental::precision::s4": "s4",
      "experimental::precision::u4": "u4",
      "experimental::precision::b1": "b1",
      int: "s32",
      float: "f32",
    };
    const declared =
      /class fragment<(matrix_a|matrix_b|accumulator), (\d+), (\d+), (\d+), ([\w: ]+?)(?:, \w+)?> : public __frag_base<[\w: ]+, (\d+)/g;
    const vendor = new Set<string>();
    for (const [, part, m, n, k, type, size] of readFileSync(header, "utf8").matchAll(declared)) {
      vendor.add(`${m}x${n}x${k} ${part} ${types[type!]} ${size}`);
    }
    const model = of("wmma").flatMap(({ m, n, k, input, accumulators, elementsPerThread: { a, b, accumulator } }) => [
      `${m}x${n}x${k} matrix_a ${input} ${a}`,
      `${m}x${n}x${k} matrix_b ${input} ${b}`,
      ...accumulators.map((type) => `${m}x${n}x${k} accumulator ${type} ${accumulator}`),
    ]);
    expect([...new Set(model)].sort()).toEqual([...vendor].sort());
  });
});

describe("against ptxas", () => {
  const missing = ptxasMissing();
  const target = ({ computeCapability: { major, minor } }: CudaMultiprocessor): string =>
    // wgmma is in the architecture-specific instruction set; all others of 9.0 are in both.
    `sm_${major}${minor}${major === 9 ? "a" : ""}`;
  // CUDA 13 has no Volta.
  const assembled = cudaArchitectures.filter(({ computeCapability: { major, minor } }) => major + minor / 10 >= 7.5);

  test.for(assembled.map((row) => [target(row), row] as const))(
    "%s has the listed shapes and no others",
    ([name, row], context) => {
      if (missing !== undefined) return context.skip(missing);
      const listed = new Set(matrixShapes(row));
      const instructions = allMatrixShapes.flatMap((shape) =>
        shape.accumulators.map((accumulator) =>
          ptxInstruction(shape, accumulator, fragmentRegisters(shape, accumulator)),
        ),
      );
      const refused = refusedBy(name, instructions);
      const wrong = instructions.filter(
        (instruction) => listed.has(instruction.shape as MatrixShape) === refused.has(instruction),
      );
      expect(
        wrong.map((instruction) => `${text(instruction.shape)}: ${refused.get(instruction) ?? "accepted"}`),
      ).toEqual([]);
    },
  );

  // One program each: some are errors of syntax, after which ptxas reads no further.
  test("sm_121 and sm_90a refuse the tiles of one type with every other type", (context) => {
    if (missing !== undefined) return context.skip(missing);
    const listed = new Set(allMatrixShapes.map(text));
    const bits = { f16: 16, bf16: 16, tf32: 32, s8: 8, s4: 4, f64: 64 } as const;
    const types = Object.keys(bits) as (keyof typeof bits)[];
    const tried = [...of("mma.sync"), ...of("wmma")]
      .flatMap(({ instruction, m, n, k }) => types.map((input) => ({ instruction, m, n, k, input })))
      .filter((shape) => !listed.has(text(shape)))
      // ptxas takes two tiles of f64 that neither the PTX ISA nor crt/mma.h has.
      .filter(({ instruction, input }) => !(instruction === "wmma" && input === "f64"));
    const unlisted = [...new Map(tried.map((shape) => [text(shape), shape])).values()];
    expect(unlisted.length).toBeGreaterThan(60);
    const instructions = unlisted.map((shape) => {
      const { m, n, k, input } = shape;
      const accumulator = input === "f64" ? "f64" : input.startsWith("s") ? "s32" : "f32";
      const registers = (elements: number, size: number): number => Math.max(2, Math.ceil((elements * size) / 1024));
      const a = registers(m * k, bits[input]);
      const b = registers(k * n, bits[input]);
      return ptxInstruction(shape, accumulator, { a, b, accumulator: registers(m * n, input === "f64" ? 64 : 32) });
    });
    for (const name of ["sm_121", "sm_90a"]) {
      const accepted = instructions.filter((instruction) => refusedBy(name, [instruction]).size === 0);
      expect(accepted.map(({ shape }) => text(shape))).toEqual([]);
    }
  });

  test("sm_90 without the a has no wgmma", (context) => {
    if (missing !== undefined) return context.skip(missing);
    const instructions = of("wgmma").map((shape) => {
      const [accumulator] = shape.accumulators;
      return ptxInstruction(shape, accumulator!, fragmentRegisters(shape, accumulator!));
    });
    expect(refusedBy("sm_90", instructions).size).toBe(instructions.length);
  });
});
