import { KernelgenError } from "../../errors.js";

/** The longest list that a text may stand for. */
const longest = 20_000;

/**
 * The whole numbers that a text lists, ascending, each once: numbers and ranges `FIRST..LAST` or `FIRST..LAST:STEP`, both ends included, separated by
 * commas. Throws `KernelgenError` "invalid-problem" naming the option, the part and what is wrong with it.
 */
export function numbersFrom(option: string, text: string): readonly number[] {
  const numbers = new Set<number>();
  for (const part of text.split(",")) {
    const [, first, last, step] = /^\s*(\d+)(?:\.\.(\d+)(?::(\d+))?)?\s*$/.exec(part) ?? [];
    const [from, to, by] = [Number(first), Number(last ?? first), Number(step ?? 1)];
    const refuse = (what: string): never => {
      throw new KernelgenError("invalid-problem", `--${option}: "${part}" ${what}`);
    };
    if (first === undefined) refuse("is not a whole number or a range such as 64..2560:64");
    if (by < 1) refuse("has a step of 0: it needs 1 or more");
    if (from > to) refuse(`is an empty range: ${from} is more than ${to}`);
    if ((to - from) / by >= longest) refuse(`lists more than ${longest} numbers`);
    for (let number = from; number <= to; number += by) numbers.add(number);
  }
  return [...numbers].toSorted((a, b) => a - b);
}
