import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  allDifferent,
  type Enumeration,
  Model,
  type SearchEngine,
  type Solution,
  sum,
} from "../../../packages/constrint/src/index.js";
import { buildModel, enumerate, fixedSeed, modelRecipe } from "../random-model.js";

const ENGINES: readonly SearchEngine[] = ["depth-first", "learning"];

/** No solution, which plain search finds out after billions of nodes: n + 1 pigeons in n holes, said pair by pair. */
function pigeons(n: number): Model {
  const m = new Model();
  const holes = Array.from({ length: n + 1 }, (_, i) => m.int(`p${i}`, 1, n));
  holes.forEach((hole, i) => {
    for (const other of holes.slice(i + 1)) m.add(hole.ne(other));
  });
  return m;
}

/** A model with very many solutions. */
function permutations(n: number): Model {
  const m = new Model();
  m.add(allDifferent(Array.from({ length: n }, (_, i) => m.int(`x${i}`, 1, n))));
  return m;
}

async function collect(generator: AsyncGenerator<Solution, Enumeration>): Promise<[Solution[], string]> {
  const solutions: Solution[] = [];
  for (;;) {
    const step = await generator.next();
    if (step.done) return [solutions, step.value.status];
    solutions.push(step.value);
  }
}

describe("asynchronous questions", () => {
  test("answer as the synchronous ones do", async () => {
    await fc.assert(
      fc.asyncProperty(modelRecipe, fc.constantFrom(...ENGINES), async (recipe, engine) => {
        const { model, variables } = buildModel(recipe);
        const plain = enumerate(model, { engine });
        expect(await collect(model.solutionsAsync({ engine }))).toEqual([plain.solutions, plain.status]);
        expect((await model.solveAsync({ engine })).solution).toEqual(model.solve({ engine }).solution);
        expect((await model.countAsync({ engine })).count).toBe(plain.solutions.length);
        const { status, objective } = model.maximize(sum(variables), { engine });
        expect(await model.maximizeAsync(sum(variables), { engine })).toMatchObject({
          status,
          ...(objective === undefined ? {} : { objective }),
        });
      }),
      { ...fixedSeed(), numRuns: 30 },
    );
  });

  test.each(ENGINES)("let other work run, and pauses change nothing in the search (%s)", async (engine) => {
    const m = pigeons(engine === "learning" ? 6 : 7);
    let turns = 0;
    let running = true;
    const others = (async () => {
      while (running) {
        await new Promise((resolve) => setTimeout(resolve, 1));
        turns++;
      }
    })();
    const result = await m.solveAsync({ engine });
    running = false;
    await others;
    const { nodes, failures, seconds } = m.solve({ engine }).statistics;
    expect(result).toMatchObject({ status: "unsatisfiable", statistics: { nodes, failures } });
    // A turn for each slice of 20 ms, give or take a busy machine.
    if (seconds > 0.1 && result.statistics.seconds > 0.1) expect(turns).toBeGreaterThanOrEqual(2);
  });

  test.each(ENGINES)("end when the signal is aborted, with what there is (%s)", async (engine) => {
    const startedAt = performance.now();
    const signal = AbortSignal.timeout(60);
    const unsolved = await pigeons(14).solveAsync({ signal, engine });
    expect(unsolved.status).toBe("unknown");
    expect(unsolved.statistics.nodes).toBeGreaterThan(10);
    expect(signal.aborted).toBe(true);
    const counted = await permutations(12).countAsync({ signal: AbortSignal.timeout(60), engine });
    expect(counted.status).toBe("limit");
    expect(counted.count).toBeGreaterThan(10);
    expect(performance.now() - startedAt).toBeLessThan(10_000);
  });

  test("an aborted optimisation keeps its best solution", async () => {
    const m = new Model();
    const x = Array.from({ length: 40 }, (_, i) => m.int(`x${i}`, 0, 9));
    for (let i = 3; i < x.length; i++)
      m.add(
        x[i]!.times(x[i - 1]!)
          .plus(x[i - 2]!)
          .ne(x[i - 3]!.times(7)),
      );
    const cost = sum(x.map((xi, i) => xi.times(xi).times(i % 7)).concat(x.map((xi) => xi.times(-5))));
    // Some time after the first solution, however long that took.
    const stop = new AbortController();
    const onImprovement = () => void setTimeout(() => stop.abort(), 20);
    const result = await m.minimizeAsync(cost, { signal: stop.signal, onImprovement });
    expect(result.status).toBe("satisfied");
    expect(result.objective).toBeTypeOf("number");
  });

  test("a signal that was aborted before ends it at once", async () => {
    const result = await permutations(5).solveAsync({ signal: AbortSignal.abort() });
    expect(result).toMatchObject({ status: "unknown", statistics: { nodes: 1 } });
  });
});
