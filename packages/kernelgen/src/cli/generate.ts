import type { InferredOptionTypes, Options } from "yargs";
import { deviceNamed } from "../device-named.js";
import { KernelgenError } from "../errors.js";
import { familiesNamed } from "../families.js";
import { generateFiles } from "../generate.js";
import type { Target } from "../plan/launch.js";
import { solvePlan } from "../plan/solve.js";
import { writeFiles } from "../write-files.js";
import { cellFrom } from "./cell-option.js";
import { deviceDescription } from "./device-option.js";
import { generateSet } from "./generate-set.js";
import type { CommandBody } from "./lazy-command.js";
import { onRequestOptions, problemFrom, problemOptions } from "./problem-options.js";
import { seedFrom } from "./seed.js";

const options = {
  ...problemOptions,
  "head-dim": { ...problemOptions["head-dim"], demandOption: false },
  // Without defaults, so that it shows whether they were given.
  steps: {
    ...problemOptions.steps,
    default: undefined,
    describe: `cuda, wgsl: ${problemOptions.steps.describe}  [default: ${problemOptions.steps.default}]`,
  },
  pass: {
    ...problemOptions.pass,
    default: undefined,
    describe: `${problemOptions.pass.describe}  [default: ${problemOptions.pass.default}]`,
  },
  training: {
    type: "boolean",
    describe:
      "cuda: also store the values that a backward pass reads  [default: no]; torch, cpp: kernels for training beside those for inference  [default: torch yes, cpp no]",
  },
  target: {
    choices: ["cuda", "wgsl", "torch", "cpp"] as const,
    demandOption: true,
    describe:
      "Source of one kernel, or a PyTorch package or C++ header with kernels for lists of cells, sizes and types (1,2,3)",
  },
  device: {
    type: "string",
    requiresArg: true,
    describe: `${deviceDescription}; torch: or several  [required; default for wgsl: webgpu-default]`,
  },
  problems: {
    type: "string",
    requiresArg: true,
    describe: "torch, cpp: a JSON file with problems, in place of the lists",
  },
  family: { type: "string", requiresArg: true, describe: "Consider this kernel family alone" },
  ...onRequestOptions,
  out: { type: "string", requiresArg: true, demandOption: true, describe: "Directory to write to" },
  name: {
    type: "string",
    requiresArg: true,
    describe:
      "What names in the source and of the files start with  [default: the cell's name]; torch, cpp: the package or header  [default: recurrent_kernels]",
  },
  case: {
    type: "string",
    requiresArg: true,
    describe: "cuda: also write inputs drawn from this seed and their expected outputs, for the check program",
  },
  json: { type: "boolean", default: false, describe: "Print the names of the files as one JSON object" },
} as const satisfies Record<string, Options>;

/** `kernelgen generate`: writes the source of the fastest kernel and its plan. */
export const generateCommand: CommandBody<InferredOptionTypes<typeof options>> = {
  builder: (yargs) =>
    yargs
      .options(options)
      .example("$0 generate --target cuda --device h200 --head-dim 64 --heads 12 --batch 16 --out kernels", "")
      .example("$0 generate --target wgsl --head-dim 64 --out kernels", "")
      .example(
        "$0 generate --target torch --device h200 --cell lstm,gru --head-dim 64 --heads 12 --batch 8,16 --dtype bf16,fp16 --out package",
        "a Python package",
      ),
  async handler(given) {
    if (given.target === "torch" || given.target === "cpp") {
      rejectOptions(given.target, given, ["family", "case"]);
      for (const [name, reason] of Object.entries(optionsOfOneKernel)) {
        if (given[name as keyof typeof optionsOfOneKernel] === undefined) continue;
        throw new KernelgenError("invalid-problem", `--${name} has no meaning for --target ${given.target}: ${reason}`);
      }
      if (given.problems !== undefined && given.headDim !== undefined) {
        throw new KernelgenError(
          "invalid-problem",
          "--head-dim has no meaning beside --problems: the file lists all sizes",
        );
      }
      return generateSet({ ...given, target: given.target });
    }
    rejectOptions(given.target, given, ["problems"]);
    const { headDim } = given;
    if (headDim === undefined) throw new KernelgenError("invalid-problem", "--head-dim is missing: units of a head");
    const device = deviceNamed(deviceId(given.target, given.device));
    if ((device.kind === "cuda") !== (given.target === "cuda")) {
      throw new KernelgenError("invalid-problem", `${device.name} does not run ${given.target} kernels`);
    }
    const { steps = problemOptions.steps.default, pass = problemOptions.pass.default } = given;
    const problem = problemFrom({ ...given, cell: await cellFrom(given.cell), headDim, steps, pass }, device);
    if (given.case !== undefined && given.target !== "cuda") {
      throw new KernelgenError("invalid-problem", "--case is for --target cuda; for WGSL use kernelgen run");
    }
    const caseSeed = given.case === undefined ? undefined : seedFrom(given.case);
    const { plan, family } = solvePlan(problem, device, familiesNamed(given.family, device, given));
    const files = generateFiles(plan, family, { name: given.name, caseSeed });
    await writeFiles(given.out, files);
    const names = files.map((file) => file.name);
    console.log(
      given.json ? JSON.stringify({ directory: given.out, files: names, plan: plan.hash }) : names.join("\n"),
    );
  },
};

/** What is stated for one kernel, and why it has no meaning for a set of them. */
const optionsOfOneKernel = {
  steps: "the number of steps is an argument of each call",
  pass: "--training and --no-training say whether the backward pass is there beside the forward pass",
  states: "there are kernels that keep all steps and kernels that keep the last, and each call takes what it needs",
} as const satisfies Partial<Record<keyof typeof options, string>>;

/** Options that have no meaning for a target must not be passed over in silence. */
function rejectOptions(target: string, given: Readonly<Record<string, unknown>>, names: readonly string[]): void {
  for (const name of names) {
    if (given[name] !== undefined) {
      throw new KernelgenError("invalid-problem", `--${name} has no meaning for --target ${target}`);
    }
  }
}

function deviceId(target: Target, device: string | undefined): string {
  if (device !== undefined) return device;
  if (target === "wgsl") return "webgpu-default";
  throw new KernelgenError(
    "invalid-problem",
    "--device is missing: a CUDA kernel is tiled for a device, for example h200",
  );
}
