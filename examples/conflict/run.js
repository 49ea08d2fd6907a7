// Why a timetable cannot be kept: which of its wishes conflict, and what can be had without one of them.
//
//   node examples/conflict/run.js
//
// The same from the command line:  npx constrint explain examples/conflict/timetable.constrint
import { readFileSync } from "node:fs";
import { formatConstraint, parseProgram } from "constrint";

const text = readFileSync(new URL("timetable.constrint", import.meta.url), "utf8");
const { model, places } = parseProgram(text);
const { status, constraints, minimal } = model.explainUnsatisfiable();
console.log(
  `${status}: ${constraints.length} of ${model.constraints.length} wishes conflict${minimal ? "; none of them can be left out" : ""}`,
);
for (const { name, constraint } of constraints) {
  console.log(`  line ${places.get(constraint).line}: ${name}: ${formatConstraint(constraint)}`);
}

// Without any one of them there is a timetable, unless the others have a conflict of their own.
for (const { name } of constraints) {
  const { solution } = parseProgram(text.replace(`"${name}":`, "#")).model.solve();
  console.log(`without "${name}": ${solution === undefined ? "a further conflict" : JSON.stringify(solution)}`);
}
