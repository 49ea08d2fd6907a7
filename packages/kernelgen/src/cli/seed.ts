import { KernelgenError } from "../errors.js";
import { numberFrom } from "./problem-options.js";

/** Seeds are unsigned 32-bit integers, all below this. */
export const seedLimit = 2 ** 32;

/** A seed as typed. Throws `KernelgenError` "invalid-problem" naming the text and what is allowed. */
export function seedFrom(text: string): number {
  const seed = numberFrom("seed", text);
  if (!Number.isInteger(seed) || seed < 0 || seed >= seedLimit) {
    throw new KernelgenError("invalid-problem", `seed: ${text} is not an integer from 0 to ${seedLimit - 1}`);
  }
  return seed;
}
