import { directionCount, type RecurrentProgram } from "./program.js";
import type { SequencePart } from "./sequence-parts.js";

/** @internal A layer's direction; `index` counts all of the network's. */
export interface Direction {
  readonly layer: number;
  readonly direction: number;
  readonly index: number;
}

/** @internal A part of a sequence: its place among the parts, and whether it is the last one or one of the full ones before. */
export interface PartPlace {
  readonly place: number;
  readonly steps: number;
  readonly kind: "full" | "last";
}

/** @internal All directions of a network, layer by layer. */
export function directionsOf(program: RecurrentProgram): readonly Direction[] {
  const perLayer = directionCount(program);
  return Array.from({ length: program.layers * perLayer }, (_, index) => ({
    layer: Math.floor(index / perLayer),
    direction: index % perLayer,
    index,
  }));
}

/** @internal Whether a direction walks sequences from their ends. */
export const isReversed = ({ reverse }: RecurrentProgram, { direction }: Direction): boolean =>
  direction === 1 || reverse;

/** @internal The parts of a sequence in the order in which a direction walks them. */
export function walk(
  program: RecurrentProgram,
  direction: Direction,
  parts: readonly SequencePart[],
): readonly PartPlace[] {
  const places = parts.map(({ steps }, place): PartPlace => {
    // All parts but the last have the same number of steps, and so the same uniforms.
    return { place, steps, kind: place === parts.length - 1 ? "last" : "full" };
  });
  return isReversed(program, direction) ? places.toReversed() : places;
}
