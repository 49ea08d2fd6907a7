import fc from "fast-check";
import { describe, test } from "vitest";
import { type Automaton, Regular } from "../../../packages/constrint/src/propagators/global/regular.js";
import { checkPropagator, forAllStores } from "./harness.js";

const domain = fc.uniqueArray(fc.integer({ min: -2, max: 3 }), { minLength: 1, maxLength: 5 });
const four = [domain, domain, domain, domain];
const state = fc.nat(3);
const automaton: fc.Arbitrary<Automaton> = fc.record({
  stateCount: fc.constant(4),
  initial: state,
  accepting: fc.uniqueArray(state, { minLength: 1 }),
  transitions: fc.uniqueArray(fc.tuple(state, fc.integer({ min: -2, max: 3 }), state), {
    maxLength: 16,
    selector: ([from, value]) => 10 * from + value,
  }),
});
const shifts = fc.array(fc.integer({ min: -1, max: 1 }), { minLength: 4, maxLength: 4 });

describe("regular", () => {
  test("on any domains, with repeated variables too", () => {
    const scopes = fc.constantFrom([0, 1, 2, 3], [0, 1, 0, 1], [2, 2, 2, 3]);
    forAllStores(four, fc.tuple(automaton, shifts, scopes), (testCase, [dfa, s, scope]) =>
      checkPropagator(testCase, () => new Regular(scope, s, dfa)),
    );
  });

  test("is domain consistent on explicit domains", () => {
    forAllStores(four, fc.tuple(automaton, shifts), (testCase, [dfa, s]) =>
      checkPropagator({ ...testCase, explicit: true }, () => new Regular([0, 1, 2, 3], s, dfa), "domain"),
    );
  });
});
