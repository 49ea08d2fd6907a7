import type { CommandModule, InferredOptionTypes, Options } from "yargs";
import { deviceNamed } from "../device-named.js";
import { familiesNamed } from "../families.js";
import { solvePlan } from "../plan/solve.js";
import { deviceDescription } from "./device-option.js";
import { problemFrom, problemOptions } from "./problem-options.js";
import { searchJson, searchText } from "./report.js";

const options = {
  ...problemOptions,
  device: { type: "string", requiresArg: true, demandOption: true, describe: deviceDescription },
  family: { type: "string", requiresArg: true, describe: "Consider this kernel family alone" },
  json: { type: "boolean", default: false, describe: "Print one JSON object" },
} as const satisfies Record<string, Options>;

/** `kernelgen config`: solves the tiling and prints it. */
export const configCommand: CommandModule<object, InferredOptionTypes<typeof options>> = {
  command: "config",
  describe: "Choose kernel family and tile for a problem on a device, and print them",
  builder: (yargs) =>
    yargs
      .options(options)
      .example("$0 config --device h200 --head-dim 64 --heads 12 --batch 16", "an LSTM in bf16 on an H200")
      .example("$0 config --device webgpu-default --head-dim 64 --json", "the WGSL kernel for any WebGPU device"),
  handler(given) {
    const device = deviceNamed(given.device);
    const search = solvePlan(problemFrom(given, device), device, familiesNamed(given.family, device));
    console.log(given.json ? JSON.stringify(searchJson(search), undefined, 2) : searchText(search));
  },
};
