import type { InferredOptionTypes } from "yargs";
import type { CommandBody } from "../lazy-command.js";
import { listDevices, listOptions } from "./list.js";
import { probeCommand } from "./probe.js";
import { showCommand } from "./show.js";

/** `kernelgen devices`: the devices that kernels can be planned for. */
export const devicesCommand: CommandBody<InferredOptionTypes<typeof listOptions>> = {
  builder: (yargs) =>
    yargs
      .command(showCommand)
      .command(probeCommand)
      .options(listOptions)
      .example("$0 devices --vendor nvidia --api cuda", "a table of NVIDIA's GPUs as CUDA sees them")
      .example("$0 devices show h200", "every number of a device and where it comes from")
      .example("$0 devices show h200 --json > my-gpu.json", "a description to change, for --device ./my-gpu.json")
      .example("$0 devices probe > here.json", "a description of this machine's GPU"),
  handler: listDevices,
};
