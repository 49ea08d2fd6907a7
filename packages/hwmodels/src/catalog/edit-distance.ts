/** The name that was perhaps meant: the known one that takes the fewest changes, if they are no more than half of its letters. */
export function closestName(name: string, known: readonly string[]): string | undefined {
  const changes = (other: string): number => editDistance(name, other);
  const closest = known.reduce((best, other) => (changes(other) < changes(best) ? other : best));
  return 2 * changes(closest) <= closest.length ? closest : undefined;
}

/**
 * The Levenshtein distance: the fewest single-character insertions, deletions and substitutions from `a` to `b`.
 *
 * @internal
 */
export function editDistance(a: string, b: string): number {
  // row[j] is the distance between the part of a that has been read and the first j characters of b.
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substituted = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substituted, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
