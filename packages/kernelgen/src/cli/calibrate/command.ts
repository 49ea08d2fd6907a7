import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type CudaDevice, deviceJson } from "hwmodels";
import type { InferredOptionTypes, Options } from "yargs";
import { calibratedDevice } from "../../calibrate/calibrated-device.js";
import { fitCalibration } from "../../calibrate/fit.js";
import { parseMeasurements } from "../../calibrate/measurement.js";
import { measuringFiles, resultsName, scriptName } from "../../calibrate/measuring-files.js";
import { randomTilings } from "../../calibrate/random-tilings.js";
import { deviceNamed } from "../../device-named.js";
import { KernelgenError } from "../../errors.js";
import { writeFile, writeFiles } from "../../write-files.js";
import { deviceDescription } from "../device-option.js";
import type { CommandBody } from "../lazy-command.js";
import { numberFrom } from "../problem-options.js";
import { ProgressBar } from "../progress-bar.js";
import { seedFrom } from "../seed.js";
import { runMeasurements } from "./measure.js";
import { fitJson, fitText } from "./report.js";

const options = {
  device: { type: "string", requiresArg: true, demandOption: true, describe: deviceDescription },
  prepare: {
    type: "string",
    requiresArg: true,
    describe: `Write the kernels and ${scriptName}, which measures them where there is no node, into this directory`,
  },
  measurements: { type: "string", requiresArg: true, describe: `Fit to this file, as ${scriptName} writes it` },
  count: { type: "string", requiresArg: true, default: "60", describe: "Tilings to measure" },
  seed: { type: "string", requiresArg: true, default: "1", describe: "Draw the tilings from this seed" },
  out: {
    type: "string",
    requiresArg: true,
    describe: "Write the device's description with the fitted constants to this file",
  },
  json: { type: "boolean", default: false, describe: "Print one JSON object" },
} as const satisfies Record<string, Options>;

/** More tilings take hours to build. */
const mostTilings = 2000;

/** `kernelgen calibrate`: fits the constants of predicted times to measured times of generated kernels. */
export const calibrateCommand: CommandBody<InferredOptionTypes<typeof options>> = {
  builder: (yargs) =>
    yargs
      .options(options)
      .conflicts("prepare", "measurements")
      .example("$0 calibrate --device h200 --out here.json", "on a machine with nvcc and that GPU: measures, then fits")
      .example("$0 calibrate --device h200 --prepare DIR", `to measure elsewhere: bash DIR/${scriptName}`)
      .example(`$0 calibrate --device h200 --measurements DIR/${resultsName} --out here.json`, "")
      .epilogue(`--out writes a file for --device of every command.`),
  async handler(given) {
    const device = deviceNamed(given.device);
    if (device.kind !== "cuda") {
      throw new KernelgenError("invalid-problem", `calibrate is for CUDA devices; ${device.name} is a WebGPU adapter`);
    }
    if (given.prepare !== undefined) {
      const count = await prepare(device, given, given.prepare);
      const text = `${count} kernels in ${given.prepare}; where the GPU is: bash ${scriptName}`;
      console.log(given.json ? JSON.stringify({ directory: given.prepare, kernels: count, script: scriptName }) : text);
      return;
    }
    const origin = given.measurements ?? `measurements on this machine`;
    const text = given.measurements === undefined ? await measureHere(device, given) : readText(given.measurements);
    const fit = fitCalibration(device, parseMeasurements(text, origin));
    if (given.out !== undefined) {
      await writeFile(given.out, `${deviceJson(calibratedDevice(device, fit, origin))}\n`);
    }
    console.log(given.json ? JSON.stringify(fitJson(device, fit), undefined, 2) : fitText(device, fit));
  },
};

interface Drawing {
  readonly count: string;
  readonly seed: string;
}

/** Writes kernels and script; returns how many kernels. */
async function prepare(device: CudaDevice, { count, seed }: Drawing, directory: string): Promise<number> {
  const wanted = numberFrom("count", count);
  if (!Number.isInteger(wanted) || wanted < 1 || wanted > mostTilings) {
    throw new KernelgenError("invalid-problem", `count: ${count} is not an integer from 1 to ${mostTilings}`);
  }
  const bar = new ProgressBar();
  try {
    const tilings = randomTilings(device, wanted, seedFrom(seed), (done) => bar.show(done, wanted, "tilings"));
    await writeFiles(directory, measuringFiles(tilings));
    return tilings.length;
  } finally {
    bar.clear();
  }
}

/** Measures on this machine's GPU; returns the text of the measurements. */
async function measureHere(device: CudaDevice, given: Drawing): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "kernelgen-calibrate-"));
  try {
    await prepare(device, given, directory);
    await runMeasurements(directory);
    return readText(join(directory, resultsName));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new KernelgenError("invalid-problem", `cannot read ${file}: ${(error as Error).message}`, { cause: error });
  }
}
