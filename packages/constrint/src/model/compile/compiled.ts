import type { Propagator } from "../../engine/propagator.js";

/** What a constraint comes to: propagators that must all hold (none: it is true), or false. @internal */
export type Compiled = readonly Propagator[] | false;

/** All of the parts. @internal */
export function conjunction(parts: readonly Compiled[]): Compiled {
  const propagators: Propagator[] = [];
  for (const part of parts) {
    if (part === false) return false;
    for (const propagator of part) propagators.push(propagator);
  }
  return propagators;
}
