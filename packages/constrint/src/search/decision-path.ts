import type { Decision } from "./branching/decision.js";
import { DecisionList } from "./branching/decision-list.js";

const INITIAL_CAPACITY = 64;

/** The decisions from the root to the current node, each with the side taken. */
export class DecisionPath {
  readonly decisions = new DecisionList();
  /** 1 where {@link isRefuted}. */
  private refuted = new Uint8Array(INITIAL_CAPACITY);

  get length(): number {
    return this.decisions.length;
  }

  /** Whether the right side of a decision was taken, because the left side is refuted or all its solutions are known. */
  isRefuted(at: number): boolean {
    return this.refuted[at] === 1;
  }

  addLeft(decision: Decision): void {
    this.add(decision, 0);
  }

  addRight(decision: Decision): void {
    this.add(decision, 1);
  }

  /** Takes away the last decision whose left side holds, and all after it; there is one. */
  removeLastLeft(removed: Decision): void {
    const { decisions } = this;
    let last = decisions.length - 1;
    while (this.isRefuted(last)) last--;
    decisions.length = last;
    removed.variable = decisions.variables[last]!;
    removed.value = decisions.values[last]!;
    removed.split = decisions.split(last);
  }

  clear(): void {
    this.decisions.length = 0;
  }

  private add({ variable, value, split }: Decision, refuted: 0 | 1): void {
    const at = this.decisions.length;
    if (at === this.refuted.length) {
      const longer = new Uint8Array(2 * at);
      longer.set(this.refuted);
      this.refuted = longer;
    }
    this.refuted[at] = refuted;
    this.decisions.add(variable, value, split);
  }
}
