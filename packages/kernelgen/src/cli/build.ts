import type { InferredOptionTypes, Options } from "yargs";
import { type BuildReport, buildKernels } from "../bundler/build.js";
import { type CheckReport, checkKernels } from "../bundler/check.js";
import { configNames } from "../bundler/definition-file.js";
import { KernelgenError } from "../errors.js";
import { watchKernels } from "./build-watch.js";
import { colors } from "./colors.js";
import type { CommandBody } from "./lazy-command.js";
import { ProgressBar } from "./progress-bar.js";

const options = {
  config: { type: "string", requiresArg: true, describe: `The kernels to build  [default: ${configNames[0]}]` },
  out: {
    type: "string",
    requiresArg: true,
    describe: "Directory to write to  [default: generated, beside the configuration]",
  },
  check: { type: "boolean", default: false, describe: "Write nothing; fail if a build would change a file" },
  watch: { type: "boolean", default: false, describe: "Build again whenever the configuration changes" },
  json: {
    type: "boolean",
    default: false,
    describe: "Print one JSON object (with --watch, one a line for each build)",
  },
} as const satisfies Record<string, Options>;

/** `kernelgen build`: solves and writes the kernels of an application. */
export const buildCommand: CommandBody<InferredOptionTypes<typeof options>> = {
  builder: (yargs) =>
    yargs
      .options(options)
      .example("$0 build", "the kernels of kernels.config.ts into generated/")
      .example("$0 build --check", "fail where committed files are stale, for continuous integration")
      .example("$0 build --config gpu/kernels.config.ts --out gpu/generated --watch", ""),
  async handler({ config, out, check, watch, json }) {
    if (check && watch) throw new KernelgenError("invalid-config", "--check and --watch exclude each other");
    if (check) return reportCheck(await checkKernels({ config, out }), json);
    if (watch) {
      return watchKernels((onDependencies) => build({ config, out, json, isOneLine: true, onDependencies }));
    }
    await build({ config, out, json, isOneLine: false });
  },
};

interface BuildArguments {
  readonly config: string | undefined;
  readonly out: string | undefined;
  readonly json: boolean;
  /** Whether JSON goes on one line. */
  readonly isOneLine: boolean;
  readonly onDependencies?: (files: readonly string[]) => void;
}

async function build({ config, out, json, isOneLine, onDependencies }: BuildArguments): Promise<BuildReport> {
  const bar = new ProgressBar();
  try {
    const report = await buildKernels({
      config,
      out,
      onDependencies,
      onProgress: ({ done, total, next }) =>
        bar.show(done, total, next === undefined ? "" : `${next.name} for ${next.device.name}`),
    });
    bar.clear();
    console.log(json ? JSON.stringify(reportJson(report), undefined, isOneLine ? undefined : 2) : reportText(report));
    return report;
  } finally {
    bar.clear();
  }
}

const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? "" : "s"}`;

function reportText({ out, kernels, written, removed, unchanged }: BuildReport): string {
  const lines = kernels.map(({ name, device, family, plan, predictedMicrosecondsPerStep: time, isSolvedAnew }) => {
    const predicted = time === undefined ? "" : `, ${time.toFixed(3)} µs a step predicted`;
    const how = isSolvedAnew ? "" : colors.dim("  (as before)");
    return `${colors.bold(name)} for ${device}: ${family}, plan ${plan}${predicted}${how}`;
  });
  const changes = [
    `${count(written.length, "file")} written`,
    ...(removed.length > 0 ? [`${removed.length} removed`] : []),
    `${unchanged} unchanged`,
  ];
  return [...lines, `${out}: ${changes.join(", ")}`].join("\n");
}

const reportJson = ({ out, kernels, written, removed, unchanged, dependencies }: BuildReport) => ({
  out,
  kernels: kernels.map(({ isSolvedAnew, ...kernel }) => ({ ...kernel, solved: isSolvedAnew })),
  written,
  removed,
  unchanged,
  dependencies,
});

/** Prints what differs; throws `KernelgenError` "stale-output" if anything does, which ends the command with 1. */
function reportCheck({ out, isUpToDate, stale, missing, extra }: CheckReport, json: boolean): void {
  if (json) console.log(JSON.stringify({ out, upToDate: isUpToDate, stale, missing, extra }, undefined, 2));
  else {
    for (const [what, names] of Object.entries({ stale, missing, extra })) {
      for (const name of names) console.log(`${colors.red(what.padEnd(7))} ${name}`);
    }
    if (isUpToDate) console.log(`${out} is up to date`);
  }
  if (isUpToDate) return;
  const counts = [`${stale.length} stale`, `${missing.length} missing`, `${extra.length} extra`].join(", ");
  // Files of kernels that are gone a build removes; what no build wrote, it leaves alone.
  const advice = `run kernelgen build${extra.length > 0 ? ", and delete the extra files that it leaves" : ""}`;
  throw new KernelgenError("stale-output", `${out} is not what a build would write: ${counts}; ${advice}`);
}
