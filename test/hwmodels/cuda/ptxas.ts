import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type {
  AccumulatorType,
  MatrixShape,
  MatrixType,
} from "../../../packages/hwmodels/src/catalog/cuda/matrix-instructions.js";

/** One instruction of PTX that multiplies matrices, as text. */
export interface PtxInstruction {
  readonly shape: Pick<MatrixShape, "instruction" | "m" | "n" | "k" | "input">;
  readonly text: string;
}

const wideRegisters = { f64: "d", f32: "f" } as const;
const registerList = (count: number, type: MatrixType | AccumulatorType): string => {
  const prefix = wideRegisters[type as keyof typeof wideRegisters] ?? "r";
  return `{${Array.from({ length: count }, (_, index) => `%${prefix}${index}`).join(",")}}`;
};

/**
 * The instruction for a shape, with as many registers as are given. ptxas refuses a wrong number, so that a shape which
 * it accepts has the right fragments. Registers of f64 have 64 bits.
 */
export function ptxInstruction(
  shape: PtxInstruction["shape"],
  accumulator: AccumulatorType,
  registers: { readonly a: number; readonly b: number | null; readonly accumulator: number },
): PtxInstruction {
  const { instruction, m, n, k, input } = shape;
  const halved = (count: number, type: string): number => (type === "f64" ? count / 2 : count);
  const d = registerList(halved(registers.accumulator, accumulator), accumulator);
  const a = registerList(halved(registers.a, input), input);
  const b = registerList(halved(registers.b ?? 0, input), input);
  const tile = `m${m}n${n}k${k}`;
  const types = `${accumulator}.${input}.${input}.${accumulator}`;
  const popc = input === "b1" ? "xor.popc" : "";
  if (instruction === "mma.sync") {
    const suffix = popc && `.${popc}`;
    return { shape, text: `mma.sync.aligned.${tile}.row.col.${types}${suffix} ${d},${a},${b},${d};` };
  }
  if (instruction === "wmma") {
    const inputs = input === "f16" ? `${accumulator}.${accumulator}` : types;
    return {
      shape,
      text: `wmma.mma${popc && `.${popc}`}.sync.aligned.row.col.${tile}.${inputs} ${d},${a},${b},${d};`,
    };
  }
  const transposed = input === "f16" || input === "bf16" ? ",1,1,1,0,0" : ",1,1,1";
  const scale = accumulator === "s32" ? ",1" : transposed;
  const and = input === "b1" ? ".and.popc" : "";
  // Both matrices in shared memory; with A in registers, its fragment replaces the first descriptor.
  return {
    shape,
    text: `wgmma.mma_async.sync.aligned.${tile}.${accumulator}.${input}.${input}${and} ${d},%rd0,%rd1${scale};`,
  };
}

/** Why ptxas cannot be asked here, or undefined. The newest targets need CUDA 13. */
export function ptxasMissing(): string | undefined {
  const { status, stdout } = spawnSync("ptxas", ["--version"], { encoding: "utf8" });
  if (status !== 0) return "ptxas not found: matrix shapes are not checked against the assembler";
  const release = Number(/release (\d+)/.exec(stdout)?.[1]);
  return release >= 13 ? undefined : `ptxas is of CUDA ${release}: matrix shapes need CUDA 13 to be checked`;
}

/** What ptxas says about a program. */
function assemble(target: string, source: string): string {
  const folder = mkdtempSync(join(tmpdir(), "ptxas-"));
  try {
    const file = join(folder, "kernel.ptx");
    writeFileSync(file, source);
    const parameters = ["-arch", target, "-o", join(folder, "kernel.cubin"), file];
    return spawnSync("ptxas", parameters, { encoding: "utf8", maxBuffer: 2 ** 26 }).stderr;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The error of each instruction that ptxas refuses for a target such as `sm_90a`. */
export function refusedBy(
  target: string,
  instructions: readonly PtxInstruction[],
): ReadonlyMap<PtxInstruction, string> {
  const head = [
    ".version 9.0",
    `.target ${target}`,
    ".address_size 64",
    ".visible .entry kernel() {",
    ".reg .b32 %r<256>;",
    ".reg .f32 %f<256>;",
    ".reg .f64 %d<64>;",
    ".reg .b64 %rd<2>;",
  ];
  const source = [...head, ...instructions.map(({ text }) => text), "ret;", "}", ""].join("\n");
  const stderr = assemble(target, source);
  const refused = new Map<PtxInstruction, string>();
  for (const line of stderr.split("\n")) {
    const found = /line (\d+); error\s*: (.*)/.exec(line);
    if (found === null) continue;
    // Some instructions are programs of ptxas's own, in which the error is then.
    const inside = line.includes("<builtin>") && instructions.length === 1;
    const instruction = instructions[inside ? 0 : Number(found[1]) - head.length - 1];
    if (instruction === undefined) throw new Error(`ptxas refuses the frame of the program: ${line}`);
    if (!refused.has(instruction)) refused.set(instruction, found[2]!);
  }
  if (refused.size === 0 && /error|fatal/.test(stderr)) throw new Error(`ptxas: ${stderr}`);
  return refused;
}
