import { KernelgenError } from "../../errors.js";
import type { RecurrentProgram } from "./program.js";
import type { SequencePart } from "./sequence-parts.js";

/**
 * How many steps at the end of each part sequences of these lengths, or of full length, lack: for each part [B]. None where the program's
 * kernel reads no such numbers.
 *
 * Throws `KernelgenError` "invalid-problem" where lengths do not fit the program or the sequence.
 *
 * @internal
 */
export function paddingOfParts(
  { forward, cell, batch }: RecurrentProgram,
  parts: readonly SequencePart[],
  lengths?: ArrayLike<number>,
): readonly Float32Array[] {
  if (forward.dispatch !== "chunks") {
    if (lengths === undefined) return [];
    throw new KernelgenError("invalid-problem", `lengths: networks of ${cell.name} run sequences of one length`);
  }
  if (lengths !== undefined && lengths.length !== batch) {
    throw new KernelgenError("invalid-problem", `lengths: got ${lengths.length}, the program has ${batch} sequences`);
  }
  const steps = parts.reduce((sum, part) => sum + part.steps, 0);
  const all = Array.from({ length: batch }, (_, b) => (lengths === undefined ? steps : lengths[b]!));
  for (const length of all) {
    if (Number.isInteger(length) && length >= 1 && length <= steps) continue;
    throw new KernelgenError("invalid-problem", `length: ${length} is not an integer from 1 to ${steps} steps`);
  }
  return parts.map((part) => {
    const present = (length: number): number => Math.min(Math.max(length - part.first, 0), part.steps);
    return Float32Array.from(all, (length) => part.steps - present(length));
  });
}
