import type { InferredOptionTypes, Options } from "yargs";
import { deviceNamed } from "../../device-named.js";
import { KernelgenError } from "../../errors.js";
import { deviceDescription } from "../device-option.js";
import type { CommandBody } from "../lazy-command.js";
import { analyse } from "./analysis.js";
import { launchFrom, launchOptions } from "./launch-options.js";
import { occupancyJson, occupancyText } from "./report.js";

const options = {
  device: { type: "string", requiresArg: true, demandOption: true, describe: deviceDescription },
  ...launchOptions,
  json: { type: "boolean", default: false, describe: "Print one JSON object" },
} as const satisfies Record<string, Options>;

/** `kernelgen occupancy`: how many blocks of a kernel a multiprocessor holds, and why. */
export const occupancyCommand: CommandBody<InferredOptionTypes<typeof options>> = {
  builder: (yargs) =>
    yargs
      .options(options)
      .example("$0 occupancy --device h200 --threads 256 --registers 64 --shared 48KiB", "")
      .example("$0 occupancy --device rtx4090 --threads 512 --registers 40 --dynamic 96KiB --json", "")
      .example("$0 occupancy --device ./my-gpu.json --threads 128 --registers 168 --carveout 50", ""),
  handler(given) {
    const device = deviceNamed(given.device);
    if (device.kind !== "cuda") {
      throw new KernelgenError(
        "invalid-problem",
        `occupancy is counted for CUDA devices; ${device.name} is a WebGPU adapter, which does not say what occupancy depends on`,
      );
    }
    const analysis = analyse(device, launchFrom(given));
    console.log(given.json ? JSON.stringify(occupancyJson(analysis), undefined, 2) : occupancyText(analysis));
  },
};
