/**
 * Fuzzes both parsers and the solver behind them:
 *
 *   node bench/dist/fuzz/run.js [SECONDS] [SEED]      default: 60, the time
 *
 * Random characters, random words and changed valid texts must be refused with a place in the text, or solved within small
 * limits. Prints the seed, the counts and the slowest text; ends at the first failure with its text and exit code 1.
 */
import { availableParallelism, cpus } from "node:os";
import { judge, type Verdict } from "./judge.js";
import { CONSTRINT, FLATZINC, fuzzText, Random } from "./texts.js";

const [seconds = 60, seed = Date.now() % 2 ** 32] = process.argv.slice(2).map(Number);
const random = new Random(seed);
const startedAt = performance.now();
const counts = new Map<string, number>();
let slowest = { milliseconds: 0, text: "" };
let texts = 0;
console.log(`seed ${seed}, ${seconds} s, node ${process.version}, ${cpus()[0]?.model} × ${availableParallelism()}`);
while (performance.now() - startedAt < 1000 * seconds) {
  const language = random.pick([CONSTRINT, FLATZINC]);
  const text = fuzzText(language, random);
  const textStartedAt = performance.now();
  let verdict: Verdict;
  try {
    verdict = judge(language, text);
  } catch (error) {
    const shown = text.length > 2000 ? `${text.slice(0, 2000)}… (${text.length} characters)` : text;
    console.error(`text ${texts} of seed ${seed}, ${language.name}: ${JSON.stringify(shown)}`);
    console.error(error);
    process.exit(1);
  }
  const milliseconds = performance.now() - textStartedAt;
  if (milliseconds > slowest.milliseconds) slowest = { milliseconds, text };
  const key = `${language.name}: ${verdict}`;
  counts.set(key, (counts.get(key) ?? 0) + 1);
  texts++;
}
console.log(`${texts} texts, no failure`);
for (const [key, count] of [...counts].sort()) console.log(`${String(count).padStart(8)} ${key}`);
const { milliseconds, text } = slowest;
console.log(
  `slowest: ${milliseconds.toFixed(0)} ms for ${text.length} characters: ${JSON.stringify(text.slice(0, 100))}`,
);
