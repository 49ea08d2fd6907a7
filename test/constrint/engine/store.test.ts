import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Engine, Fixpoint } from "../../../packages/constrint/src/engine/engine.js";
import { Events } from "../../../packages/constrint/src/engine/events.js";
import { Outcome, Priority } from "../../../packages/constrint/src/engine/propagator.js";
import { PropagationQueue } from "../../../packages/constrint/src/engine/queue.js";
import { Store } from "../../../packages/constrint/src/engine/store.js";
import { snapshot, valuesOf } from "../propagators/harness.js";
import { fixedSeed } from "../random-model.js";

const operation = fc.record({
  kind: fc.constantFrom("push", "pop", "setMin", "setMax", "assign", "remove", "setCongruence", "restrictTo"),
  value: fc.integer({ min: -30, max: 45 }),
  stride: fc.integer({ min: 1, max: 6 }),
});

describe("a domain behaves as the set it stands for", () => {
  const initial = Array.from({ length: 71 }, (_, i) => i - 28);
  test.each(["explicit", "bounds and congruence"])("%s", (representation) => {
    const explicit = representation === "explicit";
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 25 }), (operations) => {
        const store = new Store();
        const x = store.addVariable({ min: -28, max: 42 });
        if (explicit) store.makeExplicit(x);
        let events = 0;
        store.sink = {
          notify(_, raised) {
            events |= raised;
          },
        };
        let model: readonly number[] = initial;
        const levels: (readonly number[])[] = [];
        const snapshots: unknown[][] = [];
        for (const { kind, value, stride } of operations) {
          events = 0;
          const before = model;
          let expected = model;
          let ok = true;
          if (kind === "push") {
            snapshots.push(snapshot(store));
            levels.push(model);
            store.push();
          } else if (kind === "pop") {
            if (levels.length === 0) continue;
            store.pop();
            model = levels.pop()!;
            expect(snapshot(store)).toEqual(snapshots.pop());
            continue;
          } else if (kind === "setMin") {
            expected = model.filter((v) => v >= value);
            ok = store.setMin(x, value);
          } else if (kind === "setMax") {
            expected = model.filter((v) => v <= value);
            ok = store.setMax(x, value);
          } else if (kind === "assign") {
            expected = model.filter((v) => v === value);
            ok = store.assign(x, value);
          } else if (kind === "remove") {
            // An inner value of a domain that is not explicit stays.
            const stays = !explicit && value !== model[0] && value !== model.at(-1);
            expected = stays ? model : model.filter((v) => v !== value);
            ok = store.remove(x, value);
          } else if (kind === "setCongruence") {
            expected = model.filter((v) => (((v - value) % stride) + stride) % stride === 0);
            ok = store.setCongruence(x, stride, value);
          } else {
            if (!explicit) continue; // may change the representation
            const allowed = initial.filter((v) => Math.abs(v * stride) % 7 < 4);
            expected = model.filter((v) => allowed.includes(v));
            ok = store.restrictTo(x, Float64Array.from(allowed));
          }
          expect(ok).toBe(expected.length > 0);
          if (!ok) return;
          model = expected;
          expect(valuesOf(store, x)).toEqual(model);
          expect(store.size(x)).toBe(model.length);
          expect(initial.filter((v) => store.has(x, v))).toEqual(model);
          if (model.length < before.length) {
            expect((events & Events.values) !== 0).toBe(true);
            expect((events & Events.min) !== 0).toBe(model[0] !== before[0]);
            expect((events & Events.max) !== 0).toBe(model.at(-1) !== before.at(-1));
            expect((events & Events.fixed) !== 0).toBe(model.length === 1);
          } else expect(events & (Events.values | Events.bounds | Events.fixed)).toBe(0);
        }
      }),
      { ...fixedSeed(), numRuns: 1500 },
    );
  });
});

describe("the queue", () => {
  test("runs cheap propagators first, in order of arrival, each once", () => {
    const queue = new PropagationQueue();
    queue.reserve(40);
    for (const [id, priority] of [
      [5, 2],
      [3, 0],
      [39, 0],
      [5, 2],
      [7, 1],
      [3, 0],
    ] as const)
      queue.add(id, priority);
    const order: number[] = [];
    for (let id = queue.take(); id >= 0; id = queue.take()) order.push(id);
    expect(order).toEqual([3, 39, 7, 5]);
  });
});

describe("the engine", () => {
  test("wakes a propagator only by the events it names, and not for its own narrowings when stable", () => {
    const engine = new Engine();
    const x = engine.addVariable({ min: 0, max: 9 });
    let runs = 0;
    engine.post({
      name: "counter",
      scope: [x],
      priority: Priority.constant,
      wakes: Events.fixed,
      propagate: (store) => {
        runs++;
        return store.setMax(x, 8) ? Outcome.stable : Outcome.failed;
      },
      holds: () => true,
    });
    expect(engine.propagate()).toBe(Fixpoint.reached);
    expect(runs).toBe(1);
    engine.store.push();
    engine.store.setMin(x, 2);
    engine.propagate();
    expect(runs).toBe(1);
    engine.store.assign(x, 4);
    engine.propagate();
    expect(runs).toBe(2);
  });

  test("an entailed propagator sleeps in its subtree only", () => {
    const engine = new Engine();
    const x = engine.addVariable({ min: 0, max: 9 });
    let runs = 0;
    engine.post({
      name: "counter",
      scope: [x],
      priority: Priority.constant,
      wakes: Events.bounds,
      propagate: (store) => {
        runs++;
        return store.min(x) >= 2 ? Outcome.entailed : Outcome.stable;
      },
      holds: () => true,
    });
    engine.propagate();
    for (const expected of [2, 3]) {
      engine.store.push();
      engine.store.setMin(x, 2);
      engine.propagate();
      expect(runs).toBe(expected);
      engine.store.setMin(x, 3);
      engine.propagate();
      expect(runs).toBe(expected); // asleep
      engine.store.pop();
    }
  });
});
