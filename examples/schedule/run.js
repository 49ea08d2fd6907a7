// A day in a workshop: four orders, each glued, left to dry and painted, with one press, one spray booth and little power. When is everything
// done at the earliest, in how many ways, who has to wait, and what stands in the way of being done an hour earlier?
//
//   node examples/schedule/run.js
import { cumulative, disjunctive, iff, Model, max, sum } from "constrint";

const orders = [
  { name: "desk", glueHours: 3, paintHours: 3, power: 2, pickup: 8 },
  { name: "shelf", glueHours: 1, paintHours: 2, power: 1, pickup: 6 },
  { name: "chair", glueHours: 2, paintHours: 1, power: 1, pickup: 9 },
  { name: "crate", glueHours: 1, paintHours: 1, power: 2, pickup: 11 },
];
const [dryingHours, powerLimit, day] = [2, 3, 16];

const model = new Model();
const tasks = orders.map(({ name, glueHours, paintHours, power, pickup }) => {
  const glue = { start: model.int(`${name} glued`, 0, day), duration: glueHours, demand: power };
  const paint = { start: model.int(`${name} painted`, 0, day), duration: paintHours, demand: power };
  model.add(paint.start.ge(glue.start.plus(glueHours + dryingHours)), `the glue of the ${name} dries`);
  // A condition as a number, 0 or 1, which can be added up and bounded.
  const done = paint.start.plus(paintHours);
  const late = model.bool(`${name} late`);
  model.add(iff(late.eq(1), done.gt(pickup)));
  return { glue, paint, done, late };
});
model.add(disjunctive(tasks.map(({ glue }) => glue)), "there is one press");
model.add(disjunctive(tasks.map(({ paint }) => paint)), "there is one booth");
model.add(
  cumulative(
    tasks.flatMap(({ glue, paint }) => [glue, paint]),
    powerLimit,
  ),
  `there are ${powerLimit} kW`,
);
const end = max(tasks.map(({ done }) => done));
const lateCount = sum(tasks.map(({ late }) => late));

// The asynchronous form leaves the thread to others; what it has found when the signal is aborted counts.
const best = await model.minimizeAsync(end, {
  signal: AbortSignal.timeout(10_000),
  onImprovement: (_, hours) => console.log(`done in ${hours} hours`),
});
console.log(`${best.status}: ${best.objective} hours`);

// The same model, extended: of the shortest days the one on which the fewest customers wait.
model.add(end.le(best.objective), `the day has ${best.objective} hours`);
const kindest = model.minimize(lateCount);
for (const [i, { name }] of orders.entries()) {
  const row = Array.from({ length: best.objective }, () => ".");
  const { glue, paint } = tasks[i];
  for (const [{ start, duration }, letter] of [
    [glue, "g"],
    [paint, "p"],
  ])
    row.fill(letter, kindest.solution[start.name], kindest.solution[start.name] + duration);
  console.log(`${name.padEnd(6)} ${row.join("")}${kindest.solution[`${name} late`] === 1 ? "  late" : ""}`);
}
console.log(`${kindest.objective} late; ${model.count().count} such days in all`);

// An hour less has no solution; this is why: leave any of these out, and it has one.
model.add(end.lt(best.objective), "an hour less");
const { constraints } = model.explainUnsatisfiable();
console.log(`not in an hour less: ${constraints.map(({ name }) => name).join("; ")}`);
