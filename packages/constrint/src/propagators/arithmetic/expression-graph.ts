import { ceilDivide, floorDivide, MAX_INTEGER } from "../../domain/integers.js";
import { Events } from "../../engine/events.js";
import { Outcome, Priority, type Propagator } from "../../engine/propagator.js";
import type { Store } from "../../engine/store.js";
import { Kind } from "./compiled/graph-layout.js";
import { GraphMachine, type GraphNodes } from "./compiled/graph-machine.js";

const NO_NUMBERS: readonly number[] = [];

/**
 * Functions of variables that share parts, with bounds on some of them, as one constraint.
 *
 * A node is a variable, or a function of nodes before it: c + Σ aᵢ·xᵢ, a product of factors ≥ 0, ⌊x / y⌋ for x ≥ 0 and y ≥ 1, a largest or a
 * smallest. A run evaluates the intervals of all nodes in their order, meets them with the bounds that are required, and then goes back
 * and narrows operands to what their functions still allow, down to the variables (HC4: Benhamou, Goualard, Granvilliers & Puget, "Revising
 * hull and box consistency", ICLP 1999).
 *
 * Consistency: where every variable occurs once, bounds over the reals, rounded inward; where they occur more often, what their
 * occurrences allow one by one. All variables fixed: decided. Cost: linear in the operands of all nodes, a run, and nothing on the trail but the
 * variables' own bounds.
 */
export class ExpressionGraph implements Propagator, GraphNodes {
  readonly name = "expressions";
  readonly priority = Priority.quadratic;
  readonly wakes = Events.bounds;
  /** The variables of the graph's leaves, then those that equal a node. */
  get scope(): readonly number[] {
    return [...this.leafVariables, ...this.definedVariables];
  }
  get variableNodes(): readonly number[] {
    return [...this.leafNodes, ...this.definedNodes];
  }
  get leafCount(): number {
    return this.leafNodes.length;
  }

  readonly kinds: Kind[] = [];
  readonly operands: (readonly number[])[] = [];
  readonly coefficients: (readonly number[])[] = [];
  readonly constants: number[] = [];
  /** The bounds that every node must meet. */
  readonly requiredLow: number[] = [];
  readonly requiredHigh: number[] = [];
  /** What each node's operands and required bounds make it, for the domains that were looked at last; to begin with, the first ones. */
  private readonly ownLow: number[] = [];
  private readonly ownHigh: number[] = [];
  /** Whether the required bounds make it narrower than its operands do. */
  private readonly isBounded: boolean[] = [];
  /** Whether an operand has changed since, and the nodes that a node is an operand of. */
  private readonly isStale: boolean[] = [];
  private readonly dependents: number[][] = [];
  /** During a run, the intervals as they are narrowed, and whether they are narrower than what the node's operands alone make it. */
  private low = new Float64Array(0);
  private high = new Float64Array(0);
  private narrowed: boolean[] = [];
  /** The interval of the node that was evaluated last. */
  private lowest = 0;
  private highest = 0;
  private readonly leafNodes: number[] = [];
  private readonly leafVariables: number[] = [];
  private readonly definedNodes: number[] = [];
  private readonly definedVariables: number[] = [];

  /** The bounds of a node that its variables' first domains allow. */
  rootLow(node: number): number {
    return this.ownLow[node]!;
  }

  rootHigh(node: number): number {
    return this.ownHigh[node]!;
  }

  /** Adds a variable, whose first domain is min … max, finite. */
  variable(variable: number, min: number, max: number): number {
    const node = this.add(Kind.variable, NO_NUMBERS);
    this.ownLow[node] = min;
    this.ownHigh[node] = max;
    this.leafNodes.push(node);
    this.leafVariables.push(variable);
    return node;
  }

  /** Adds constant + Σ coefficient · operand; undefined if it may leave the exact range. */
  linear(operands: readonly number[], coefficients: readonly number[], constant: number): number | undefined {
    let size = Math.abs(constant);
    for (let i = 0; i < operands.length; i++) size += Math.abs(coefficients[i]!) * this.size(operands[i]!);
    // A difference of two sums is exact as well.
    return 2 * size > MAX_INTEGER ? undefined : this.add(Kind.linear, operands, coefficients, constant);
  }

  /** Adds the product of operands; undefined if one may be negative or it may leave the exact range. */
  product(operands: readonly number[]): number | undefined {
    let largest = 1;
    for (const operand of operands) {
      if (this.ownLow[operand]! < 0) return undefined;
      largest *= Math.max(1, this.ownHigh[operand]!);
    }
    return largest > MAX_INTEGER ? undefined : this.add(Kind.product, operands);
  }

  /** Adds ⌊dividend / divisor⌋; undefined if the dividend may be negative or the divisor less than 1. */
  quotient(dividend: number, divisor: number): number | undefined {
    if (this.ownLow[dividend]! < 0 || this.ownLow[divisor]! < 1) return undefined;
    return this.add(Kind.quotient, [dividend, divisor]);
  }

  /** Adds the largest or the smallest of operands. */
  extremum(kind: "max" | "min", operands: readonly number[]): number {
    return this.add(Kind[kind], operands);
  }

  /** Requires low ≤ node ≤ high. */
  require(node: number, low: number, high: number): void {
    GraphMachine.shared()?.forget(this);
    this.requiredLow[node] = Math.max(this.requiredLow[node]!, low);
    this.requiredHigh[node] = Math.min(this.requiredHigh[node]!, high);
    // It may have been evaluated without the requirement, and so may what is computed of it.
    this.isStale[node] = true;
    for (const dependent of this.dependents[node]!) this.isStale[dependent] = true;
    // Nodes that are added from now on can rely on it; where nothing is left, the first run says so.
    if (low <= this.ownHigh[node]! && high >= this.ownLow[node]!) {
      this.ownLow[node] = Math.max(this.ownLow[node]!, low);
      this.ownHigh[node] = Math.min(this.ownHigh[node]!, high);
    }
  }

  /** Requires that a variable, none of the graph's own, equals a node. */
  define(node: number, variable: number): void {
    GraphMachine.shared()?.forget(this);
    this.definedNodes.push(node);
    this.definedVariables.push(variable);
  }

  propagate(store: Store): Outcome {
    const machine = GraphMachine.shared();
    return machine === undefined ? this.propagateOnce(store) : machine.propagate(this, store);
  }

  /**
   * {@link propagate} without the machine: one run forward and back, of the nodes whose operands have changed since the last. Nodes that are added
   * next begin with the intervals that it leaves.
   */
  propagateOnce(store: Store): Outcome {
    const before = store.changes;
    if (!this.evaluate(store) || !this.narrow()) return Outcome.failed;
    const { leafNodes, leafVariables, definedNodes, definedVariables, low, high } = this;
    let open = false;
    for (let i = 0; i < leafNodes.length; i++) {
      const node = leafNodes[i]!;
      const variable = leafVariables[i]!;
      if (this.narrowed[node]!) {
        if (!store.setMin(variable, low[node]!) || !store.setMax(variable, high[node]!)) return Outcome.failed;
      }
      open ||= !store.isFixed(variable);
    }
    for (let i = 0; i < definedNodes.length; i++) {
      const node = definedNodes[i]!;
      const variable = definedVariables[i]!;
      if (!store.setMin(variable, low[node]!) || !store.setMax(variable, high[node]!)) return Outcome.failed;
      // A value that the variable's domain lacks may have moved its bound.
      open ||= store.min(variable) !== low[node]! || store.max(variable) !== high[node]!;
    }
    if (store.changes !== before) return Outcome.changed;
    return open ? Outcome.stable : Outcome.entailed;
  }

  holds(values: readonly number[]): boolean {
    const results: number[] = [];
    let leaf = 0;
    for (let node = 0; node < this.kinds.length; node++) {
      const value = this.kinds[node] === Kind.variable ? values[leaf++]! : this.valueOf(node, results);
      if (value < this.requiredLow[node]! || value > this.requiredHigh[node]!) return false;
      results.push(value);
    }
    return this.definedNodes.every((node, i) => results[node] === values[leaf + i]);
  }

  private valueOf(node: number, results: readonly number[]): number {
    const values = this.operands[node]!.map((operand) => results[operand]!);
    switch (this.kinds[node]!) {
      case Kind.variable:
        throw new Error("a variable's value is given");
      case Kind.linear:
        return values.reduce((sum, value, i) => sum + this.coefficients[node]![i]! * value, this.constants[node]!);
      case Kind.product:
        return values.reduce((product, value) => product * value, 1);
      case Kind.quotient:
        return floorDivide(values[0]!, values[1]!);
      case Kind.max:
        return Math.max(...values);
      case Kind.min:
        return Math.min(...values);
    }
  }

  private add(
    kind: Kind,
    operands: readonly number[],
    coefficients: readonly number[] = NO_NUMBERS,
    constant = 0,
  ): number {
    GraphMachine.shared()?.forget(this);
    const node = this.kinds.push(kind) - 1;
    this.operands.push(operands);
    this.coefficients.push(coefficients);
    this.constants.push(constant);
    this.requiredLow.push(-Infinity);
    this.requiredHigh.push(Infinity);
    this.isBounded.push(false);
    this.isStale.push(true);
    this.dependents.push([]);
    for (const operand of operands) this.dependents[operand]!.push(node);
    this.evaluateNode(node);
    this.ownLow.push(this.lowest);
    this.ownHigh.push(this.highest);
    return node;
  }

  private size(node: number): number {
    return Math.max(Math.abs(this.ownLow[node]!), Math.abs(this.ownHigh[node]!));
  }

  /** Evaluates the nodes for the present domains, those that have changed; returns false where a required bound cannot be met. */
  private evaluate(store: Store): boolean {
    const { kinds, isStale, leafNodes, leafVariables } = this;
    for (let i = 0; i < leafNodes.length; i++) {
      this.lowest = store.min(leafVariables[i]!);
      this.highest = store.max(leafVariables[i]!);
      if (!this.update(leafNodes[i]!)) return false;
    }
    for (let node = 0; node < kinds.length; node++) {
      if (!isStale[node]!) continue;
      if (kinds[node] !== Kind.variable) {
        this.evaluateNode(node);
        if (!this.update(node)) return false;
      }
      isStale[node] = false;
    }
    if (this.low.length < kinds.length) {
      this.low = new Float64Array(kinds.length);
      this.high = new Float64Array(kinds.length);
    }
    this.low.set(this.ownLow);
    this.high.set(this.ownHigh);
    this.narrowed = this.isBounded.slice();
    // A defined variable's bounds come after its node's operands: those of other nodes are evaluated without them, which is sound.
    for (let i = 0; i < this.definedNodes.length; i++) {
      const variable = this.definedVariables[i]!;
      const node = this.definedNodes[i]!;
      if (!this.raise(node, store.min(variable)) || !this.lower(node, store.max(variable))) return false;
    }
    return true;
  }

  /** Gives a node the interval that was just found, met with the required bounds; its dependents are then to be evaluated. */
  private update(node: number): boolean {
    const low = Math.max(this.lowest, this.requiredLow[node]!);
    const high = Math.min(this.highest, this.requiredHigh[node]!);
    if (low > high) return false;
    this.isBounded[node] = low > this.lowest || high < this.highest;
    if (low === this.ownLow[node] && high === this.ownHigh[node]) return true;
    this.ownLow[node] = low;
    this.ownHigh[node] = high;
    const dependents = this.dependents[node]!;
    for (let i = 0; i < dependents.length; i++) this.isStale[dependents[i]!] = true;
    return true;
  }

  /** Finds the interval that its operands' own intervals give a node. */
  private evaluateNode(node: number): void {
    const { ownLow: low, ownHigh: high } = this;
    const operands = this.operands[node]!;
    switch (this.kinds[node]!) {
      case Kind.variable:
        return;
      case Kind.linear: {
        const coefficients = this.coefficients[node]!;
        let smallest = this.constants[node]!;
        let largest = smallest;
        for (let i = 0; i < operands.length; i++) {
          const operand = operands[i]!;
          const a = coefficients[i]!;
          smallest += a * (a > 0 ? low[operand]! : high[operand]!);
          largest += a * (a > 0 ? high[operand]! : low[operand]!);
        }
        this.lowest = smallest;
        this.highest = largest;
        return;
      }
      case Kind.product: {
        let smallest = 1;
        let largest = 1;
        for (let i = 0; i < operands.length; i++) {
          smallest *= low[operands[i]!]!;
          largest *= high[operands[i]!]!;
        }
        this.lowest = smallest;
        this.highest = largest;
        return;
      }
      case Kind.quotient: {
        const [dividend, divisor] = operands as [number, number];
        this.lowest = floorDivide(low[dividend]!, high[divisor]!);
        this.highest = floorDivide(high[dividend]!, low[divisor]!);
        return;
      }
      case Kind.max:
      case Kind.min: {
        const isMax = this.kinds[node] === Kind.max;
        let smallest = low[operands[0]!]!;
        let largest = high[operands[0]!]!;
        for (let i = 1; i < operands.length; i++) {
          const a = low[operands[i]!]!;
          const b = high[operands[i]!]!;
          if (isMax ? a > smallest : a < smallest) smallest = a;
          if (isMax ? b > largest : b < largest) largest = b;
        }
        this.lowest = smallest;
        this.highest = largest;
      }
    }
  }

  /** From the last node to the first, narrows the operands of those that are narrower than their operands make them. */
  private narrow(): boolean {
    const { kinds, narrowed } = this;
    for (let node = kinds.length - 1; node >= 0; node--) {
      if (narrowed[node]! && !this.narrowOperands(node)) return false;
    }
    return true;
  }

  private narrowOperands(node: number): boolean {
    switch (this.kinds[node]!) {
      case Kind.variable:
        return true;
      case Kind.linear:
        return this.narrowTerms(node);
      case Kind.product:
        return this.narrowFactors(node);
      case Kind.quotient:
        return this.narrowDivision(node);
      case Kind.max:
        return this.narrowLargest(node);
      case Kind.min:
        return this.narrowSmallest(node);
    }
  }

  /** A term may exceed its low end by as much as the sum may, when all others are at theirs. */
  private narrowTerms(node: number): boolean {
    const { low, high } = this;
    const operands = this.operands[node]!;
    const coefficients = this.coefficients[node]!;
    let smallest = this.constants[node]!;
    let largest = smallest;
    for (let i = 0; i < operands.length; i++) {
      const operand = operands[i]!;
      const a = coefficients[i]!;
      smallest += a * (a > 0 ? low[operand]! : high[operand]!);
      largest += a * (a > 0 ? high[operand]! : low[operand]!);
    }
    const above = high[node]! - smallest;
    const below = largest - low[node]!;
    if (above < 0 || below < 0) return false;
    for (let i = 0; i < operands.length; i++) {
      const operand = operands[i]!;
      const min = low[operand]!;
      const max = high[operand]!;
      if (min === max) continue;
      const a = coefficients[i]!;
      const size = a > 0 ? a : -a;
      const up = floorDivide(a > 0 ? above : below, size);
      const down = floorDivide(a > 0 ? below : above, size);
      if (max - min > up && !this.lower(operand, min + up)) return false;
      if (max - min > down && !this.raise(operand, max - down)) return false;
    }
    return true;
  }

  /** A factor is the product over the product of the others. */
  private narrowFactors(node: number): boolean {
    const { low, high } = this;
    const operands = this.operands[node]!;
    const smallest = low[node]!;
    const largest = high[node]!;
    for (let i = 0; i < operands.length; i++) {
      const operand = operands[i]!;
      if (low[operand] === high[operand]) continue;
      // Mostly there are two.
      const other = operands[i === 0 ? 1 : 0]!;
      let restLow = low[other]!;
      let restHigh = high[other]!;
      for (let j = i === 0 ? 2 : 1; j < operands.length; j++) {
        if (j === i) continue;
        restLow *= low[operands[j]!]!;
        restHigh *= high[operands[j]!]!;
      }
      if (smallest > 0) {
        if (restHigh === 0) return false;
        if (!this.raise(operand, ceilDivide(smallest, restHigh))) return false;
      }
      if (restLow > 0 && !this.lower(operand, floorDivide(largest, restLow))) return false;
    }
    return true;
  }

  /** q = ⌊n / d⌋: q·d ≤ n < (q + 1)·d. */
  private narrowDivision(node: number): boolean {
    const { low, high } = this;
    const [n, d] = this.operands[node] as [number, number];
    const least = low[node]!;
    const most = high[node]!;
    if (!this.raise(n, least * low[d]!) || !this.lower(n, (most + 1) * high[d]! - 1)) return false;
    if (least > 0 && !this.lower(d, floorDivide(high[n]!, least))) return false;
    return this.raise(d, floorDivide(low[n]!, most + 1) + 1);
  }

  private narrowLargest(node: number): boolean {
    const { low, high } = this;
    const operands = this.operands[node]!;
    const least = low[node]!;
    let only = -1;
    let reaching = 0;
    for (let i = 0; i < operands.length; i++) {
      const operand = operands[i]!;
      if (!this.lower(operand, high[node]!)) return false;
      if (high[operand]! < least) continue;
      only = operand;
      reaching++;
    }
    if (reaching === 0) return false;
    return reaching > 1 || this.raise(only, least);
  }

  private narrowSmallest(node: number): boolean {
    const { low, high } = this;
    const operands = this.operands[node]!;
    const most = high[node]!;
    let only = -1;
    let reaching = 0;
    for (let i = 0; i < operands.length; i++) {
      const operand = operands[i]!;
      if (!this.raise(operand, low[node]!)) return false;
      if (low[operand]! > most) continue;
      only = operand;
      reaching++;
    }
    if (reaching === 0) return false;
    return reaching > 1 || this.lower(only, most);
  }

  private raise(node: number, bound: number): boolean {
    if (bound <= this.low[node]!) return true;
    this.low[node] = bound;
    this.narrowed[node] = true;
    return bound <= this.high[node]!;
  }

  private lower(node: number, bound: number): boolean {
    if (bound >= this.high[node]!) return true;
    this.high[node] = bound;
    this.narrowed[node] = true;
    return bound >= this.low[node]!;
  }
}
