// Names that a user typed wrong, and the ones that were perhaps meant: for the messages of the commands and packages of this repository.

/**
 * The name that was perhaps meant: the known one that takes the fewest changes (Levenshtein distance), if they are no more than half of its
 * letters; undefined if none is so near, or none is known.
 */
export function closestName(name: string, known: readonly string[]): string | undefined {
  const [first, ...others] = known.map((other) => ({ other, changes: editDistance(name, other) }));
  if (first === undefined) return undefined;
  const closest = others.reduce((best, candidate) => (candidate.changes < best.changes ? candidate : best), first);
  return 2 * closest.changes <= closest.other.length ? closest.other : undefined;
}

/** `: did you mean "…"?` for an error's text, or nothing if no known name is near. */
export function meantName(name: string, known: readonly string[], prefix = ""): string {
  const closest = closestName(name, known);
  return closest === undefined ? "" : `: did you mean "${prefix}${closest}"?`;
}

/**
 * What is wrong with the first `--option` among a command's arguments that it does not have, with the one that was perhaps meant; undefined
 * if it has all. Spelling in camel case and a leading `no-` are a parser's matter, and not wrong.
 *
 * @param known the names of the command's options, without dashes
 */
export function unknownOption(args: readonly string[], known: readonly string[]): string | undefined {
  const end = args.indexOf("--");
  for (const argument of end < 0 ? args : args.slice(0, end)) {
    const name = /^--([A-Za-z][\w-]*)/.exec(argument)?.[1];
    if (name === undefined) continue;
    const spelling = name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    if ([spelling, spelling.replace(/^no-/, "")].some((spelled) => known.includes(spelled))) continue;
    return `unknown option "--${name}"${meantName(spelling, known, "--")}`;
  }
  return undefined;
}

/**
 * A middleware of yargs, for before it checks arguments, that tells `note` the names of the options that a call may have: those of its command,
 * and of every command.
 */
export const notingOptions =
  (note: (names: readonly string[]) => void) =>
  // The types of yargs have neither the parser among a middleware's arguments nor what it knows of options.
  (...given: readonly unknown[]): void =>
    note(Object.keys((given[1] as { getOptions(): { key: object } }).getOptions().key));

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
