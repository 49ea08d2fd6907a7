import type { KernelLaunch } from "hwmodels";
import type { Options } from "yargs";
import { KernelgenError } from "../../errors.js";
import { numberFrom } from "../problem-options.js";

/** The options that state a kernel and its launch. Numbers are read as text, so that a message can show what was typed. */
export const launchOptions = {
  threads: { type: "string", requiresArg: true, demandOption: true, describe: "Threads of a block" },
  registers: {
    type: "string",
    requiresArg: true,
    demandOption: true,
    describe: "Registers of a thread, as ptxas reports",
  },
  shared: {
    type: "string",
    requiresArg: true,
    default: "0",
    describe: "Static shared memory of a block: bytes, or with KiB or MiB",
  },
  dynamic: { type: "string", requiresArg: true, default: "0", describe: "Dynamic shared memory of a block" },
  "max-dynamic": {
    type: "string",
    requiresArg: true,
    describe: "What the kernel's limit of dynamic shared memory is set to  [default: --dynamic]",
  },
  carveout: {
    type: "string",
    requiresArg: true,
    describe: "Preferred share of shared memory in the L1 storage, in percent  [default: no preference]",
  },
  barriers: { type: "string", requiresArg: true, default: "1", describe: "Named barriers of a block" },
} as const satisfies Record<string, Options>;

/** The parsed values of `launchOptions`. */
export interface LaunchArguments {
  threads: string;
  registers: string;
  shared: string;
  dynamic: string;
  maxDynamic?: string | undefined;
  carveout?: string | undefined;
  barriers: string;
}

/** The launch that the options state. Throws `KernelgenError` "invalid-problem" naming the option, its value and what is allowed. */
export function launchFrom(given: LaunchArguments): KernelLaunch {
  const { maxDynamic, carveout } = given;
  return {
    threadsPerBlock: countFrom("threads", given.threads, 1),
    registersPerThread: countFrom("registers", given.registers, 0),
    staticSharedBytes: bytesFrom("shared", given.shared),
    dynamicSharedBytes: bytesFrom("dynamic", given.dynamic),
    blockBarrierCount: countFrom("barriers", given.barriers, 0),
    ...(maxDynamic === undefined ? {} : { maxDynamicSharedBytes: bytesFrom("max-dynamic", maxDynamic) }),
    ...(carveout === undefined ? {} : { carveoutPercent: countFrom("carveout", carveout, 0, 100) }),
  };
}

function countFrom(option: string, text: string, smallest: number, largest = Number.MAX_SAFE_INTEGER): number {
  const value = numberFrom(option, text);
  if (Number.isSafeInteger(value) && value >= smallest && value <= largest) return value;
  const range = largest === Number.MAX_SAFE_INTEGER ? `from ${smallest} on` : `from ${smallest} to ${largest}`;
  throw new KernelgenError("invalid-problem", `${option}: ${text} is not an integer ${range}`);
}

const unitBytes: Readonly<Record<string, number>> = { "": 1, B: 1, KiB: 2 ** 10, MiB: 2 ** 20 };

/** A number of bytes as typed: `49152`, `48KiB`, `0.5 MiB`. */
function bytesFrom(option: string, text: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)\s*([A-Za-z]*)$/.exec(text.trim()) ?? [];
  const bytes = Number(number) * (unitBytes[unit ?? ""] ?? NaN);
  if (Number.isSafeInteger(bytes)) return bytes;
  throw new KernelgenError(
    "invalid-problem",
    `${option}: "${text}" is not a whole number of bytes, such as 49152, 48KiB or 0.5MiB`,
  );
}
