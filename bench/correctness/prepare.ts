// Writes the kernels of `familyCases` and of `costCases`, forward in training and backward, with their check programs, for one device.
//
//   node bench/dist/correctness/prepare.js OUT [DEVICE]      default device: h200
//
// Then, on a machine with that GPU:  bash bench/correctness/run.sh families OUT/families, and cost OUT/cost. Exit code 1 if a kernel has no plan.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type CudaDevice, findDevice } from "hwmodels";
import { defineProblem, familiesFor, KernelgenError, type Pins, solvePlan } from "kernelgen";
import { generateFiles } from "kernelgen/node";
import { costCases, type FamilyCase, familyCases } from "./families.js";

const [out, deviceId = "h200"] = process.argv.slice(2);
if (out === undefined) throw new Error("usage: prepare.js OUT [DEVICE]");
const device = findDevice(deviceId) as CudaDevice;
const words = {
  lengths: "lengths",
  forwardClip: "clip",
  recurrentGradientClip: "gradient-clip",
  recurrentGradientCut: "cut",
};

/** The pins of a pass, where the two have pins of their own. */
const pinsOf = (pins: FamilyCase["pins"] = {}, pass: "forward" | "backward"): Pins =>
  typeof pins[pass] === "object" ? pins[pass] : (pins as Pins);

/** Writes both kernels of a case, by its family or, where it names none, by the fastest. */
function prepare(
  folder: string,
  { family, tiling, options, pins, less }: Partial<FamilyCase> & Pick<FamilyCase, "options">,
): void {
  const extras = Object.entries(words).flatMap(([field, word]) => (field in options ? [word] : []));
  const sizes = `${options.headDim}x${options.heads ?? 1}`;
  const type = options.tf32 ? "tf32" : options.dataType;
  for (const pass of ["forward", "backward"] as const) {
    const { recurrentGradientClip: _, recurrentGradientCut: __, ...ofBoth } = options;
    const name = [family ?? sizes, ...(tiling === undefined ? [] : [tiling]), options.cell, type, ...extras, pass].join(
      "-",
    );
    const directory = join(folder, name);
    try {
      const kept = family === "scan" ? { steps: 150 } : { steps: 7, training: true };
      const problem = defineProblem({ ...(pass === "forward" ? ofBoth : options), pass, ...kept });
      const families = familiesFor(device, problem).filter(({ name }) => name === (family ?? name));
      const planned = solvePlan(problem, { ...device, ...less }, families, pinsOf(pins, pass));
      mkdirSync(directory, { recursive: true });
      for (const file of generateFiles(planned.plan, planned.family)) {
        // What all kernels include lies once beside their folders.
        const isOwn = file.name.includes(`_${pass}`) || file.name === "plan.json";
        writeFileSync(join(isOwn ? directory : folder, file.name), file.content);
      }
      console.log(directory);
    } catch (error) {
      if (!(error instanceof KernelgenError)) throw error;
      console.log(`${directory}: LEFT OUT: ${error.message}`);
      process.exitCode = 1;
    }
  }
}

for (const familyCase of familyCases) prepare(join(out, "families"), familyCase);
for (const options of costCases) prepare(join(out, "cost"), { options });
