import type { Pins, ProblemOptions } from "kernelgen";
import type { Registers } from "./ptxas.js";

/** A line of a recording: a kernel, and what ptxas made of it. */
export interface Row extends Registers {
  readonly device: string;
  readonly hash: string;
  readonly problem: ProblemOptions;
  readonly family: string;
  readonly parameters: Pins;
}
