import { useEffect, useState } from "preact/hooks";
import { cupCount, gamesOf, swaps } from "./cups.js";
import type { Tracker } from "./train.js";

interface Properties {
  readonly tracker: Tracker;
  /** Games that a network computes at once, and their swaps. */
  readonly batch: number;
  readonly steps: number;
}

/** A game to play: the visitor swaps cups, and the network says where the ball is. */
export function Game({ tracker, batch, steps }: Properties) {
  const [moves, setMoves] = useState<readonly number[]>([]);
  const [place, setPlace] = useState(0);
  useEffect(() => {
    if (moves.length === 0) return setPlace(0);
    // The network computes a whole batch; the game is its first, and what follows is played on.
    const games = gamesOf(
      Array.from({ length: batch * moves.length }, (_, index) => moves[index] ?? 0),
      moves.length,
    );
    let isLatest = true;
    tracker.placesOf(games).then((places) => {
      if (isLatest) setPlace(places[moves.length - 1]!);
    });
    return () => {
      isLatest = false;
    };
  }, [moves, tracker, batch]);
  return (
    <section class="card" aria-labelledby="game">
      <h2 id="game">Ask it</h2>
      <p class="note">The ball starts under the first cup. Swap cups; the network sees the swaps alone.</p>
      <ul class="cups">
        {Array.from({ length: cupCount }, (_, cup) => (
          <li key={cup} class={cup === place ? "cup ball" : "cup"}>
            {cup + 1}
          </li>
        ))}
      </ul>
      <p role="status">
        After {moves.length} of at most {steps} swaps the network says: cup {place + 1}.
      </p>
      <div class="choices">
        {swaps.map(([left, right], swap) => (
          <button
            key={`${left}${right}`}
            type="button"
            disabled={moves.length === steps}
            onClick={() => setMoves([...moves, swap])}
          >
            Swap {left + 1} and {right + 1}
          </button>
        ))}
        <button type="button" onClick={() => setMoves([])}>
          Start again
        </button>
      </div>
    </section>
  );
}
