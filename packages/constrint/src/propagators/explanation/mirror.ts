import type { Consequence, DomainView, Premises } from "../../engine/explanation.js";
import { LiteralKind } from "../../engine/literal.js";

/** The domains of −x for every x: lets what is explained for maxima explain minima. @internal */
export class MirroredView implements DomainView {
  constructor(private readonly view: DomainView) {}

  min(x: number): number {
    return -this.view.max(x);
  }

  max(x: number): number {
    return -this.view.min(x);
  }

  isFixed(x: number): boolean {
    return this.view.isFixed(x);
  }

  has(x: number, value: number): boolean {
    return this.view.has(x, -value);
  }
}

/** Premises about −x, written as premises about x. @internal */
export class MirroredPremises implements Premises {
  constructor(private readonly premises: Premises) {}

  atLeast(x: number, value: number): void {
    this.premises.atMost(x, -value);
  }

  atMost(x: number, value: number): void {
    this.premises.atLeast(x, -value);
  }

  equal(x: number, value: number): void {
    this.premises.equal(x, -value);
  }

  notEqual(x: number, value: number): void {
    this.premises.notEqual(x, -value);
  }

  domain(x: number): void {
    this.premises.domain(x);
  }
}

/** The consequence about −x that says the same. @internal */
export function mirrored({ kind, variable, value }: Consequence): Consequence {
  if (kind === LiteralKind.atLeast) return { kind: LiteralKind.atMost, variable, value: -value };
  if (kind === LiteralKind.atMost) return { kind: LiteralKind.atLeast, variable, value: -value };
  return { kind, variable, value: -value };
}
