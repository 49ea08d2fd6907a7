import { expect, test } from "vitest";
import { judge, type Verdict } from "../../bench/fuzz/judge.js";
import { CONSTRINT, FLATZINC, fuzzText, Random } from "../../bench/fuzz/texts.js";
import { propertySeed } from "../support/property-seed.js";

/** How many texts each parser gets here; `bench/fuzz` does the same for as long as one likes. */
const TEXTS = 300;

test.each([CONSTRINT, FLATZINC])("$name: a random text is refused with its place, or solved", (language) => {
  const random = new Random(propertySeed);
  const verdicts = new Map<Verdict, number>();
  for (let i = 0; i < TEXTS; i++) {
    const text = fuzzText(language, random);
    try {
      const verdict = judge(language, text);
      verdicts.set(verdict, (verdicts.get(verdict) ?? 0) + 1);
    } catch (error) {
      throw new Error(`text ${i}: ${JSON.stringify(text.slice(0, 2000))}`, { cause: error });
    }
  }
  // Both ways are taken: texts that mean something, and texts that do not.
  expect(verdicts.get("refused")).toBeGreaterThan(TEXTS / 10);
  expect(verdicts.get("solved")).toBeGreaterThan(TEXTS / 50);
  expect(verdicts.get("unsatisfiable")).toBeGreaterThan(TEXTS / 50);
});

test("a text that is deep, long or large is refused or solved", () => {
  for (const [language, text] of [
    [CONSTRINT, `A == ${"(".repeat(100_000)}1`],
    [CONSTRINT, `A <= 5${" | A == 3".repeat(4000)}`],
    [CONSTRINT, `A <= 5${" => A <= 4".repeat(4000)}`],
    [CONSTRINT, `A <= 1${" // B".repeat(4000)}`],
    [CONSTRINT, `A <= max(1${", B".repeat(4000)})`],
    [CONSTRINT, `"${"a".repeat(100_000)}" == 3`],
    [CONSTRINT, "9".repeat(100_000)],
    [CONSTRINT, `element(${"[".repeat(100_000)}`],
    [FLATZINC, `array [1..1] of int: a = ${"[".repeat(100_000)}1;`],
    [FLATZINC, `solve :: ${"seq_search([".repeat(100_000)} satisfy;`],
    [FLATZINC, `var {1${", 7".repeat(100_000)}}: x; solve satisfy;`],
    [FLATZINC, `"${"a".repeat(1_000_000)}`],
    [FLATZINC, `var 0..9: x; ${"constraint int_le(x, 5); ".repeat(2000)} solve satisfy;`],
  ] as const) {
    expect(judge(language, text)).toMatch(/refused|solved|open/);
  }
});
