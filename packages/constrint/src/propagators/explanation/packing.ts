import type { Consequence, DomainView, Premises } from "../../engine/explanation.js";
import { LiteralKind } from "../../engine/literal.js";
import { explainByValues, lacks } from "./premises.js";

/** loadsₖ = Σ sizesᵢ over the items i with itemsᵢ + shiftsᵢ = valuesₖ. @internal */
export interface Packing {
  readonly items: readonly number[];
  readonly shifts: readonly number[];
  readonly sizes: readonly number[];
  readonly values: readonly number[];
  readonly loads: readonly number[];
  /** Whether every item has one of the values. */
  readonly isClosed: boolean;
}

/**
 * Explains a packing or a count by as few items as it can, the largest first.
 *
 * With the sizes P of items that are in bin k, and L of items that cannot be in it, of T altogether: P ≤ loadₖ ≤ T − L, and item i
 * is not in it if P + sizeᵢ > loadₖ, and in it if T − L − sizeᵢ < loadₖ. The loads together are what is in any of the bins.
 *
 * @returns false if none of that explains it; it may have written premises, all of them true
 * @internal
 */
export function explainPacking(
  packing: Packing,
  consequence: Consequence,
  before: DomainView,
  premises: Premises,
): boolean {
  const explanation = new PackingExplanation(packing, before, premises);
  const { kind, variable, value } = consequence;
  if (kind === undefined) return explanation.ofFailure();
  return (
    (kind !== LiteralKind.notEqual && explanation.ofLoad(kind, variable, value)) ||
    (kind !== LiteralKind.notEqual && explanation.ofPlacing(kind, variable, value)) ||
    (packing.items.includes(variable) &&
      explainByValues(consequence, before, premises, (lost) => explanation.ofRemoval(variable, lost)))
  );
}

class PackingExplanation {
  private readonly total: number;
  /** The items, largest first. */
  private readonly bySize: readonly number[];

  constructor(
    private readonly packing: Packing,
    private readonly before: DomainView,
    private readonly premises: Premises,
  ) {
    const { sizes } = packing;
    this.total = sizes.reduce((total, size) => total + size, 0);
    this.bySize = sizes.map((_, i) => i).sort((i, j) => sizes[j]! - sizes[i]!);
  }

  ofFailure(): boolean {
    const { packing, before, premises, total } = this;
    for (const [k, load] of packing.loads.entries()) {
      const most = before.max(load);
      const packed = this.choosePacked(k, most + 1);
      if (packed !== undefined) {
        this.writePacked(k, packed);
        premises.atMost(load, this.sizeOf(packed) - 1);
        return true;
      }
      const least = before.min(load);
      const lacking = this.chooseLacking(k, total - least + 1);
      if (lacking !== undefined) {
        this.writeLacking(k, lacking);
        premises.atLeast(load, total - this.sizeOf(lacking) + 1);
        return true;
      }
    }
    return this.byOtherLoads(-1, LiteralKind.atLeast, 1) || this.byOtherLoads(-1, LiteralKind.atMost, -1);
  }

  ofLoad(kind: 0 | 1, variable: number, value: number): boolean {
    const { packing, total } = this;
    for (const [k, load] of packing.loads.entries()) {
      if (load !== variable) continue;
      const isLower = kind === LiteralKind.atLeast;
      const chosen = isLower ? this.choosePacked(k, value) : this.chooseLacking(k, total - value);
      if (chosen !== undefined) {
        if (isLower) this.writePacked(k, chosen);
        else this.writeLacking(k, chosen);
        return true;
      }
      if (this.byOtherLoads(k, kind, value)) return true;
    }
    return false;
  }

  /** The variable is an item that a bin needs to reach its load. */
  ofPlacing(kind: 0 | 1, variable: number, value: number): boolean {
    const { packing, before, premises, total } = this;
    const { items, shifts, sizes, values, loads } = packing;
    for (let i = 0; i < items.length; i++) {
      if (items[i] !== variable) continue;
      for (let k = 0; k < loads.length; k++) {
        const here = values[k]! - shifts[i]!;
        if (kind === LiteralKind.atLeast ? here < value : here > value) continue;
        const lacking = this.chooseLacking(k, total - sizes[i]! - before.min(loads[k]!) + 1, i);
        if (lacking === undefined) continue;
        this.writeLacking(k, lacking);
        premises.atLeast(loads[k]!, total - this.sizeOf(lacking) - sizes[i]! + 1);
        return true;
      }
    }
    return false;
  }

  /** The variable is an item that would overfill the bin. */
  ofRemoval(variable: number, lost: number): boolean {
    const { packing, before, premises } = this;
    const { items, shifts, sizes, values, loads } = packing;
    for (let i = 0; i < items.length; i++) {
      if (items[i] !== variable) continue;
      const k = values.indexOf(lost + shifts[i]!);
      if (k < 0) continue;
      const packed = this.choosePacked(k, before.max(loads[k]!) - sizes[i]! + 1, i);
      if (packed === undefined) continue;
      this.writePacked(k, packed);
      premises.atMost(loads[k]!, this.sizeOf(packed) + sizes[i]! - 1);
      return true;
    }
    return false;
  }

  /**
   * load ≥ v because what certainly is in a bin exceeds the other loads by v, or load ≤ v because what possibly is does so by at
   * most v. With bin −1, all loads together are too small or too large.
   */
  private byOtherLoads(bin: number, kind: 0 | 1, value: number): boolean {
    const { before, premises } = this;
    const { items, sizes, loads, isClosed } = this.packing;
    const isLower = kind === LiteralKind.atLeast;
    const others = loads.filter((_, k) => k !== bin);
    const decided = isClosed ? [] : items.map((_, i) => i).filter((i) => this.isDecided(i, isLower));
    const inBins = isClosed ? this.total : isLower ? this.sizeOf(decided) : this.total - this.sizeOf(decided);
    let rest = 0;
    for (const load of others) rest += isLower ? before.max(load) : before.min(load);
    let slack = isLower ? inBins - rest - value : value - inBins + rest;
    if (!Number.isSafeInteger(rest) || slack < 0) return false;
    for (const load of others) {
      if (isLower) premises.atMost(load, before.max(load) + slack);
      else premises.atLeast(load, before.min(load) - slack);
      slack = 0;
    }
    for (const i of decided) {
      if (sizes[i] === 0) continue;
      if (isLower) premises.domain(items[i]!);
      else lacks(items[i]!, this.countedValues(i), before, premises);
    }
    return true;
  }

  /** Whether an item certainly has, or certainly lacks, one of the values. */
  private isDecided(i: number, counted: boolean): boolean {
    const { before } = this;
    const x = this.packing.items[i]!;
    const values = this.countedValues(i);
    if (!counted) return values.every((value) => !before.has(x, value));
    for (let value = before.min(x); value <= before.max(x); value++) {
      if (before.has(x, value) && !values.includes(value)) return false;
    }
    return true;
  }

  private countedValues(i: number): number[] {
    return this.packing.values.map((value) => value - this.packing.shifts[i]!);
  }

  /** Few items that are in bin k and together at least of a size, or undefined. */
  private choosePacked(k: number, size: number, except = -1): readonly number[] | undefined {
    const { before } = this;
    const { items, shifts, values } = this.packing;
    return this.choose(
      size,
      except,
      (i) => before.isFixed(items[i]!) && before.min(items[i]!) === values[k]! - shifts[i]!,
    );
  }

  /** Few items that are not in bin k and together at least of a size, or undefined. */
  private chooseLacking(k: number, size: number, except = -1): readonly number[] | undefined {
    const { before } = this;
    const { items, shifts, values } = this.packing;
    return this.choose(size, except, (i) => !before.has(items[i]!, values[k]! - shifts[i]!));
  }

  private choose(size: number, except: number, isCandidate: (i: number) => boolean): readonly number[] | undefined {
    const chosen: number[] = [];
    let sum = 0;
    for (const i of this.bySize) {
      if (sum >= size) break;
      if (i === except || !isCandidate(i)) continue;
      chosen.push(i);
      sum += this.packing.sizes[i]!;
    }
    return sum >= size ? chosen : undefined;
  }

  private sizeOf(items: readonly number[]): number {
    return items.reduce((sum, i) => sum + this.packing.sizes[i]!, 0);
  }

  private writePacked(k: number, chosen: readonly number[]): void {
    const { items, shifts, values } = this.packing;
    for (const i of chosen) this.premises.equal(items[i]!, values[k]! - shifts[i]!);
  }

  private writeLacking(k: number, chosen: readonly number[]): void {
    const { items, shifts, values } = this.packing;
    for (const i of chosen) lacks(items[i]!, [values[k]! - shifts[i]!], this.before, this.premises);
  }
}
