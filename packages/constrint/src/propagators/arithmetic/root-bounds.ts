import type { Premises } from "../../engine/explanation.js";
import type { Store } from "../../engine/store.js";

/**
 * The bounds that variables have at the root level, which hold everywhere: a premise that says no more than these needs not be
 * given. They are noted in every run at the root level, so that what is noted may be weaker than what is known, never stronger.
 *
 * @internal
 */
export class RootBounds {
  private readonly mins: Float64Array;
  private readonly maxs: Float64Array;

  constructor(private readonly variables: readonly number[]) {
    this.mins = new Float64Array(variables.length).fill(-Infinity);
    this.maxs = new Float64Array(variables.length).fill(Infinity);
  }

  note(store: Store): void {
    store.copyBounds(this.variables, this.mins, this.maxs);
  }

  min(i: number): number {
    return this.mins[i]!;
  }

  max(i: number): number {
    return this.maxs[i]!;
  }
}

/** Writes down all that is known of these variables. @internal */
export function explainByDomains(variables: readonly number[], premises: Premises): void {
  for (const x of variables) premises.domain(x);
}
