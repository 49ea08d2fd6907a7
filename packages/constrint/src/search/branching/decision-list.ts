import type { Store } from "../../engine/store.js";
import { applyRight, isFalse, isTrue, type Split } from "./decision.js";

const INITIAL_CAPACITY = 64;

/** A growing list of decisions in flat arrays. */
export class DecisionList {
  length = 0;
  variables = new Int32Array(INITIAL_CAPACITY);
  values = new Float64Array(INITIAL_CAPACITY);
  private splits = new Uint8Array(INITIAL_CAPACITY);

  add(variable: number, value: number, split: Split): void {
    if (this.length === this.variables.length) this.grow();
    const at = this.length++;
    this.variables[at] = variable;
    this.values[at] = value;
    this.splits[at] = split;
  }

  split(at: number): Split {
    return this.splits[at]! as Split;
  }

  /** Whether the decision's left side is true for all values that are left. */
  isTrue(store: Store, at: number): boolean {
    return isTrue(store, this.variables[at]!, this.values[at]!, this.split(at));
  }

  /** Whether the decision's left side is false for all values that are left. */
  isFalse(store: Store, at: number): boolean {
    return isFalse(store, this.variables[at]!, this.values[at]!, this.split(at));
  }

  /** Makes the decision's left side false. */
  negate(store: Store, at: number): boolean {
    return applyRight(store, this.variables[at]!, this.values[at]!, this.split(at));
  }

  swap(a: number, b: number): void {
    const { variables, values, splits } = this;
    const variable = variables[a]!;
    const value = values[a]!;
    const split = splits[a]!;
    variables[a] = variables[b]!;
    values[a] = values[b]!;
    splits[a] = splits[b]!;
    variables[b] = variable;
    values[b] = value;
    splits[b] = split;
  }

  private grow(): void {
    const length = 2 * this.variables.length;
    const variables = new Int32Array(length);
    variables.set(this.variables);
    this.variables = variables;
    const values = new Float64Array(length);
    values.set(this.values);
    this.values = values;
    const splits = new Uint8Array(length);
    splits.set(this.splits);
    this.splits = splits;
  }
}
