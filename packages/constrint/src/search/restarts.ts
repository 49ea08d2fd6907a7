import { SolverError } from "../error.js";

/** The sequences of {@link RestartOptions}. */
export const RESTART_SEQUENCES = ["luby", "geometric", "linear", "constant"] as const;

/** When to give up a search tree and begin again at the root, with what has been learnt so far. */
export interface RestartOptions {
  /**
   * After how many failures run i = 1, 2, … ends: `luby` scale · 1, 1, 2, 1, 1, 2, 4, …; `geometric` scale · base^(i − 1);
   * `linear` scale · i; `constant` scale, which finds no proof that needs more failures than that, except by what the nogoods of
   * earlier runs rule out.
   */
  readonly sequence: (typeof RESTART_SEQUENCES)[number];
  /** The failures of the first run, ≥ 1; 100 unless told. */
  readonly scale?: number | undefined;
  /** The growth of `geometric`, ≥ 1; 1.5 unless told. */
  readonly base?: number | undefined;
}

const DEFAULT_SCALE = 100;
const DEFAULT_BASE = 1.5;

/** @throws SolverError `invalid-option` for an unknown sequence or a scale or base below 1. */
export function checkRestarts({ sequence, scale, base }: RestartOptions): void {
  if (!RESTART_SEQUENCES.includes(sequence)) {
    throw new SolverError(
      "invalid-option",
      `restarts: the sequence ${JSON.stringify(sequence)} is none of ${RESTART_SEQUENCES.join(", ")}`,
    );
  }
  for (const [name, value] of Object.entries({ scale, base })) {
    if (value !== undefined && !(value >= 1)) {
      throw new SolverError("invalid-option", `restarts: ${name} ${value} is not a number ≥ 1`);
    }
  }
}

/** The failures after which run 1, 2, … ends. */
export function restartCutoff(options: RestartOptions, run: number): number {
  const { sequence, scale = DEFAULT_SCALE, base = DEFAULT_BASE } = options;
  switch (sequence) {
    case "luby":
      return scale * luby(run);
    case "geometric":
      return Math.ceil(scale * base ** (run - 1));
    case "linear":
      return scale * run;
    case "constant":
      return scale;
  }
}

/**
 * The Luby sequence 1, 1, 2, 1, 1, 2, 4, …: element 2^k − 1 is 2^(k − 1), and between two of these the sequence begins again.
 *
 * Source: Luby, Sinclair, Zuckerman: Optimal speedup of Las Vegas algorithms, 1993.
 */
export function luby(i: number): number {
  for (;;) {
    let power = 1;
    while (2 * power - 1 < i) power *= 2;
    if (2 * power - 1 === i) return power;
    i -= power - 1;
  }
}
