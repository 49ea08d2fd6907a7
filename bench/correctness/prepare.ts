// Writes the kernels of `familyCases` and of `costCases`, forward in training and backward, with their check programs, for one device.
//
//   node bench/dist/correctness/prepare.js OUT [DEVICE]      default device: h200
//
// Then, on a machine with that GPU:  bash bench/correctness/run.sh families OUT/families, and cost OUT/cost
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findDevice } from "hwmodels";
import { defineProblem, familiesFor, KernelgenError, solvePlan } from "kernelgen";
import { generateFiles } from "kernelgen/node";
import { costCases, type FamilyCase, familyCases } from "./families.js";

const [out, deviceId = "h200"] = process.argv.slice(2);
if (out === undefined) throw new Error("usage: prepare.js OUT [DEVICE]");
const device = findDevice(deviceId);
const words = {
  lengths: "lengths",
  forwardClip: "clip",
  recurrentGradientClip: "gradient-clip",
  recurrentGradientCut: "cut",
};

/** Writes both kernels of a case, by one family or by the fastest. */
function prepare(
  folder: string,
  name: string | undefined,
  options: FamilyCase["options"],
  pins: FamilyCase["pins"] = {},
): void {
  const extras = Object.entries(words).flatMap(([field, word]) => (field in options ? [word] : []));
  if (Object.keys(pins).length > 0) extras.push("pinned");
  for (const pass of ["forward", "backward"]) {
    const { recurrentGradientClip: _, recurrentGradientCut: __, ...ofBoth } = options;
    const problem = defineProblem({ ...(pass === "forward" ? ofBoth : options), pass, training: true, steps: 7 });
    const sizes = `${options.headDim}x${options.heads ?? 1}`;
    const type = options.tf32 ? "tf32" : options.dataType;
    const directory = join(folder, [name ?? sizes, options.cell, type, ...extras, pass].join("-"));
    try {
      const families = familiesFor(device, problem).filter((family) => family.name === (name ?? family.name));
      const { plan, family } = solvePlan(problem, device, families, pins);
      mkdirSync(directory, { recursive: true });
      for (const file of generateFiles(plan, family)) {
        // What all kernels include lies once beside their folders.
        const isOwn = file.name.includes(`_${pass}`) || file.name === "plan.json";
        writeFileSync(join(isOwn ? directory : folder, file.name), file.content);
      }
      console.log(directory);
    } catch (error) {
      if (!(error instanceof KernelgenError)) throw error;
      console.log(`${directory}: left out: ${error.message}`);
    }
  }
}

for (const { family, options, pins } of familyCases) prepare(join(out, "families"), family, options, pins);
for (const options of costCases) prepare(join(out, "cost"), undefined, options);
