import type { IntExpr, Sum } from "../expression.js";

/**
 * The terms of a sum, those of sums in it included, and how often each occurs: none of them is a sum.
 *
 * For sums built by adding one term after the other, which nest as deep as they are long, and for sums that share others. Cost:
 * linear in the number of distinct sums and their terms. Without recursion.
 *
 * @internal
 */
export function termsOf(sum: Sum): ReadonlyMap<IntExpr, bigint> {
  const counts = new Map<IntExpr, bigint>([[sum, 1n]]);
  const terms = new Map<IntExpr, bigint>();
  // A sum comes after all sums that contain it, so that its own count is known.
  for (const node of sumsWithin(sum).reverse()) {
    const count = counts.get(node)!;
    for (const term of node.terms) {
      const known = term.kind === "sum" ? counts : terms;
      known.set(term, (known.get(term) ?? 0n) + count);
    }
  }
  return terms;
}

/** Whether a sum has no sums among its terms. @internal */
export function isFlat(sum: Sum): boolean {
  for (const term of sum.terms) if (term.kind === "sum") return false;
  return true;
}

/** The sums in a sum and itself, each after those that it contains. */
function sumsWithin(sum: Sum): Sum[] {
  const ordered: Sum[] = [];
  const seen = new Set<Sum>([sum]);
  const path: { readonly node: Sum; next: number }[] = [{ node: sum, next: 0 }];
  for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
    const term = top.node.terms[top.next++];
    if (term === undefined) {
      ordered.push(top.node);
      path.pop();
    } else if (term.kind === "sum" && !seen.has(term)) {
      seen.add(term);
      path.push({ node: term, next: 0 });
    }
  }
  return ordered;
}
