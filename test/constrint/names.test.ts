import fc from "fast-check";
import { expect, test } from "vitest";
import { closestName, editDistance, meantName, unknownOption } from "../../packages/constrint/src/names.js";
import { propertySeed } from "../support/property-seed.js";

test.each([
  ["minimise", ["maximize", "minimize"], "minimize"],
  ["hed-dim", ["heads", "head-dim", "batch"], "head-dim"],
  ["something", ["solve", "check"], undefined],
  ["solve", [], undefined],
])("closest to %s of %s: %s", (name, known, closest) => {
  expect(closestName(name, known)).toBe(closest);
  expect(meantName(name, known)).toBe(closest === undefined ? "" : `: did you mean "${closest}"?`);
});

test.each([
  [["--head-dim", "64", "--headDim=64", "--no-training", "--", "--anything"], undefined],
  [["solve", "-", "--time-limt=3"], 'unknown option "--time-limt": did you mean "--time-limit"?'],
  [["--headDym", "3"], 'unknown option "--headDym": did you mean "--head-dim"?'],
  [["--heads", "--zzz"], 'unknown option "--heads"'],
])("%s: %s", (args, said) => {
  const known = ["head-dim", "training", "time-limit"];
  expect(unknownOption(args, args.includes("--heads") ? ["training"] : known)).toBe(said);
});

test("editDistance is the shortest path through single edits", () => {
  // Breadth-first search over all strings on the way; short strings over three letters keep it small.
  const neighbours = (text: string): string[] => {
    const found: string[] = [];
    for (let i = 0; i <= text.length; i++) {
      if (i < text.length) found.push(text.slice(0, i) + text.slice(i + 1));
      for (const letter of "abc") {
        found.push(text.slice(0, i) + letter + text.slice(i));
        if (i < text.length) found.push(text.slice(0, i) + letter + text.slice(i + 1));
      }
    }
    return found.filter((next) => next.length <= 4);
  };
  const shortestPath = (from: string, to: string): number => {
    const seen = new Set([from]);
    let frontier = [from];
    for (let steps = 0; ; steps++) {
      if (frontier.includes(to)) return steps;
      frontier = frontier.flatMap(neighbours).filter((text) => !seen.has(text) && seen.add(text));
    }
  };
  const word = fc.string({ unit: fc.constantFrom("a", "b", "c"), maxLength: 4 });
  fc.assert(
    fc.property(word, word, (a, b) => {
      expect(editDistance(a, b)).toBe(shortestPath(a, b));
    }),
    { numRuns: 200, seed: propertySeed },
  );
});
