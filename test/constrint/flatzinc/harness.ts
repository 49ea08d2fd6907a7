import { readFlatZinc } from "../../../packages/constrint/src/flatzinc/problem.js";

/** The answers of a FlatZinc text, in the order of the search, each as it is printed. */
export function answers(text: string): string[] {
  const { model, format } = readFlatZinc(text);
  return [...model.solutions()].map(format);
}

/** All ways to take one value from each list. */
export function combinations<T>(lists: readonly (readonly T[])[]): T[][] {
  return lists.reduce<T[][]>((all, list) => all.flatMap((partial) => list.map((value) => [...partial, value])), [[]]);
}
