import { MAX_INTEGER } from "../../domain/integers.js";
import type { Engine } from "../../engine/engine.js";
import type { Propagator } from "../../engine/propagator.js";
import type { Store } from "../../engine/store.js";
import { LinearEqual } from "../../propagators/arithmetic/linear-equal.js";
import { AllDifferentValues } from "../../propagators/global/all-different-values.js";
import { type Distance, DistinctSteps, ORIGIN } from "../../propagators/global/distinct-steps.js";

/** Chains of fewer steps gain nothing, and those of more would take long. */
const FEWEST_STEPS = 3;
const MOST_STEPS = 40;

/** Positions stay below this, so that every sum of steps that is not too large anyway is exact. */
const LARGEST_POSITION = MAX_INTEGER / (4 * MOST_STEPS);

/** Two positions, by variable, and the variable that is the distance from the one to the other, at least 1. */
interface Edge {
  readonly from: number;
  readonly to: number;
  readonly distance: number;
}

/**
 * Finds positions whose distances are all different, as equations from + distance = to and an allDifferent about the distances say
 * it, and posts {@link DistinctSteps} for the longest chain of each allDifferent. For an engine at its root's fixpoint whose
 * propagators need not explain themselves.
 *
 * @returns whether there are any
 * @internal
 */
export function postDistinctSteps(engine: Engine): boolean {
  const differences = engine.posted.filter(
    (propagator) => propagator instanceof AllDifferentValues && propagator.isPlain,
  );
  return differences.length > 0 && postChains(engine, differences);
}

function postChains(engine: Engine, differences: readonly Propagator[]): boolean {
  const { posted, store } = engine;
  const sums = posted.flatMap((propagator) =>
    propagator instanceof LinearEqual && propagator.sum?.c === 0 ? [propagator.sum] : [],
  );
  // The first step may be from 0 and have no equation.
  if (sums.length < FEWEST_STEPS - 1) return false;
  const found = differences.flatMap(({ scope }) => {
    const distances = new Set(scope.filter((x) => store.min(x) >= 1));
    const edges = [...distances].map((x): Edge => ({ from: ORIGIN, to: x, distance: x }));
    for (const { x, y, z } of sums) {
      if (distances.has(y)) edges.push({ from: x, to: z, distance: y });
      if (distances.has(x)) edges.push({ from: y, to: z, distance: x });
    }
    return distinctSteps(store, longestChain(store, edges), edges, scope) ?? [];
  });
  for (const propagator of found) engine.post(propagator);
  return found.length > 0;
}

/** The propagator for a chain, if it has steps enough and none of them twice. */
function distinctSteps(
  store: Store,
  chain: readonly Edge[],
  edges: readonly Edge[],
  different: readonly number[],
): DistinctSteps | undefined {
  if (chain.length < FEWEST_STEPS || chain.length > MOST_STEPS) return undefined;
  const steps = new Set(chain.map(({ distance }) => distance));
  const positions = [chain[0]!.from, ...chain.map(({ to }) => to)];
  if (steps.size < chain.length || !(store.max(positions.at(-1)!) <= LARGEST_POSITION)) return undefined;
  const places = new Map(positions.map((position, place) => [position, place]));
  const distances = edges.flatMap((edge): Distance[] => {
    const from = places.get(edge.from);
    const to = places.get(edge.to);
    // From 0, the position is the distance.
    if (from === undefined || to === undefined || to === from + 1 || edge.from === ORIGIN) return [];
    return [{ from, to, variable: edge.distance }];
  });
  return new DistinctSteps(
    positions,
    [...steps],
    different.filter((x) => !steps.has(x)),
    distances,
  );
}

/** The longest path along the edges. It has no cycle: the lower bound of a position exceeds those of all before it. */
function longestChain(store: Store, edges: readonly Edge[]): Edge[] {
  const min = (x: number): number => (x === ORIGIN ? 0 : store.min(x));
  const leaving = new Map<number, number>();
  for (const { from } of edges) leaving.set(from, (leaving.get(from) ?? 0) + 1);
  const chains = new Map<number, { readonly length: number; readonly last: Edge }>();
  const lengthTo = (x: number): number => chains.get(x)?.length ?? 0;
  let end: number | undefined;
  for (const last of [...edges].sort((a, b) => min(a.to) - min(b.to))) {
    if (!(min(last.from) < min(last.to))) continue;
    const length = lengthTo(last.from) + 1;
    const known = chains.get(last.to);
    // Of two ways, the one by the position with more edges: a distance is itself a position, seen from 0.
    const isBetter =
      known === undefined ||
      length > known.length ||
      (length === known.length && leaving.get(last.from)! > leaving.get(known.last.from)!);
    if (isBetter) chains.set(last.to, { length, last });
    if (end === undefined || lengthTo(last.to) > lengthTo(end)) end = last.to;
  }
  const chain: Edge[] = [];
  for (let last = end === undefined ? undefined : chains.get(end)?.last; last !== undefined; ) {
    chain.unshift(last);
    last = chains.get(last.from)?.last;
  }
  return chain;
}
