import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Outcome, type Propagator } from "../../../packages/constrint/src/engine/propagator.js";
import type { Store } from "../../../packages/constrint/src/engine/store.js";
import { AllDifferentDomain } from "../../../packages/constrint/src/propagators/global/all-different-domain.js";
import { AllDifferentValues } from "../../../packages/constrint/src/propagators/global/all-different-values.js";
import { ElementConstant } from "../../../packages/constrint/src/propagators/global/element-constant.js";
import { GlobalCardinality } from "../../../packages/constrint/src/propagators/global/global-cardinality.js";
import { Inverse } from "../../../packages/constrint/src/propagators/global/inverse.js";
import { Regular } from "../../../packages/constrint/src/propagators/global/regular.js";
import { Table } from "../../../packages/constrint/src/propagators/global/table.js";
import { fixedSeed } from "../random-model.js";
import { buildStore, valuesOf } from "./harness.js";

const none = [0, 0, 0, 0];
const row = fc.array(fc.integer({ min: -1, max: 4 }), { minLength: 4, maxLength: 4 });

/** Constructors of propagators over the variables 0 … 3, which take random numbers. */
const propagators: Record<string, (rows: readonly number[][]) => Propagator> = {
  "all different by values": () => new AllDifferentValues([0, 1, 2, 3], none),
  "all different by matching": () => new AllDifferentDomain([0, 1, 2, 3], none),
  element: (rows) => new ElementConstant(0, 0, rows[0]!, 1),
  table: (rows) => new Table([0, 1, 2, 3], rows),
  inverse: () => new Inverse([0, 1, 2, 3], none, [2, 3, 0, 1], none),
  "global cardinality": ([first]) => new GlobalCardinality([0, 1, 2], none, [first![0]!], [3]),
  regular: (rows) =>
    new Regular([0, 1, 2, 3], none, {
      stateCount: 4,
      initial: 0,
      accepting: [0, 1],
      transitions: rows
        .slice(0, 4)
        .flatMap((values, from) => [...new Set(values)].map((value, k) => [from, value, (from + k) % 4] as const)),
    }),
};

function run(store: Store, propagator: Propagator): Outcome {
  for (;;) {
    const outcome = propagator.propagate(store);
    if (outcome !== Outcome.changed) return outcome;
  }
}

// What could not be removed from a domain that kept its bounds only is removed once it keeps its values.
describe("domains that become explicit at the root end as those that were so from the start", () => {
  test.each(Object.entries(propagators))("%s", (_name, build) => {
    const domain = fc
      .tuple(fc.integer({ min: -1, max: 3 }), fc.integer({ min: 1, max: 4 }))
      .map(([low, size]) => Array.from({ length: size }, (_, i) => low + i));
    fc.assert(
      fc.property(
        fc.tuple(domain, domain, domain, domain),
        fc.array(row, { minLength: 4, maxLength: 8 }),
        (domains, rows) => {
          const late = buildStore({ domains, explicit: false, decisions: [] });
          const early = buildStore({ domains, explicit: true, decisions: [] });
          const propagator = build(rows);
          let outcome = run(late, propagator);
          if (outcome !== Outcome.failed) {
            for (let x = 0; x < late.variableCount; x++) late.makeExplicit(x);
            outcome = run(late, propagator);
          }
          const expected = run(early, build(rows));
          expect(outcome === Outcome.failed).toBe(expected === Outcome.failed);
          if (outcome === Outcome.failed) return;
          for (let x = 0; x < late.variableCount; x++) expect(valuesOf(late, x)).toEqual(valuesOf(early, x));
        },
      ),
      { ...fixedSeed(), numRuns: 300 },
    );
  });
});
