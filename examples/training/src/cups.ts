/** The swaps of two of three cups. Swaps do not commute: only who tracks the state knows where the ball is. */
export const swaps = [
  [0, 1],
  [1, 2],
  [0, 2],
] as const;

/** Cups, and so the places where the ball may be. */
export const cupCount = 3;

/** Where a ball is after a swap. */
export function swapped(place: number, swap: number): number {
  const [left, right] = swaps[swap]!;
  return place === left ? right : place === right ? left : place;
}

/** Games of so many swaps each; the ball starts under the first cup. */
export interface Games {
  /** [games, steps, swaps], 1 where the swap is made. */
  readonly inputs: Float32Array;
  /** [games, steps]: where the ball is after each swap. */
  readonly places: Uint8Array;
}

/** Random games. */
export function randomGames(count: number, steps: number, random: () => number): Games {
  const moves = Array.from({ length: count * steps }, () => Math.floor(random() * swaps.length));
  return gamesOf(moves, steps);
}

/** The games with these swaps, one game after the other. */
export function gamesOf(moves: readonly number[], steps: number): Games {
  const inputs = new Float32Array(moves.length * swaps.length);
  const places = new Uint8Array(moves.length);
  let place = 0;
  for (const [index, swap] of moves.entries()) {
    if (index % steps === 0) place = 0;
    place = swapped(place, swap);
    inputs[index * swaps.length + swap] = 1;
    places[index] = place;
  }
  return { inputs, places };
}
