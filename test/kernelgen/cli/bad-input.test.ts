import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runKernelgen } from "./run-kernelgen.js";

const [usage, noSolution] = [2, 1];

/** Options that replace or follow `--device h200 --head-dim 64`, and what the message must be. */
const badOptions: readonly [options: string, message: string | RegExp][] = [
  ["--device h2000", /^unknown device "h2000"/],
  ["--device", /^Not enough arguments following: device\n/],
  [
    "--cell gruu",
    'unknown cell "gruu"; known cells: elman, gru, lstm, cifg, slstm, mingru, mingru_plain, minlstm, minlstm_plain, linear',
  ],
  ["--family tree", 'unknown family "tree"; families for NVIDIA H200: resident, cluster, direct, grid, stepwise, scan'],
  ["--dtype fp64", 'data type: "fp64" is not one of bf16, fp16, fp32'],
  ["--states all", 'state output: "all" is not one of sequence, last'],
  ["--head-dim 0", "head dimension: 0 is not an integer from 1 to 16384"],
  ["--head-dim -5", "head dimension: -5 is not an integer from 1 to 16384"],
  ["--head-dim 1.5", "head dimension: 1.5 is not an integer from 1 to 16384"],
  ["--head-dim 1e99", "head dimension: 1e+99 is not an integer from 1 to 16384"],
  ["--head-dim abc", 'head dimension: "abc" is not a number'],
  ["--heads 0", "number of heads: 0 is not an integer from 1 to 4096"],
  ["--batch 65536", "batch: 65536 is not an integer from 1 to 65535"],
  ["--steps 1e9", "number of steps: 1000000000 is not an integer from 1 to 16777216"],
  ["--tile 3", /^unknown option "--tile"\nSee kernelgen config --help\.\n/],
  ["--hed-dim 3", /^unknown option "--hed-dim": did you mean "--head-dim"\?\n/],
];

const badGenerations: readonly [parameters: string, message: string | RegExp][] = [
  ["--head-dim 64 --device h200", /^Missing required argument: target\n/],
  ["--head-dim 64 --device h200 --target hip", /^Invalid values:\n.*"hip", Choices: "cuda", "wgsl", "torch", "cpp"\n/],
  ["--head-dim 64 --target cuda", /^--device is missing/],
  ["--head-dim 64 --target cuda --device webgpu-default", "WebGPU default limits does not run cuda kernels"],
  ["--head-dim 64 --target wgsl --device h200", "NVIDIA H200 does not run wgsl kernels"],
  ["--head-dim 64 --target wgsl --case 1", /^--case is for --target cuda/],
  ["--head-dim 64 --target cuda --device h200 --case 1.5", "seed: 1.5 is not an integer from 0 to 4294967295"],
  [
    "--head-dim 64 --heads 12 --batch 4096 --target cuda --device h200 --case 1",
    /^case: wx has 12884901888 elements, a case allows 134217728;/,
  ],
];

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "kernelgen-bad-input-"));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

/** Requires the exit code and the message on standard error, nothing else anywhere, and no file. */
async function expectRefusal(parameters: readonly string[], exitCode: number, message: string | RegExp): Promise<void> {
  const outcome = await runKernelgen(...parameters);
  expect(outcome.stderr).toMatch(/^kernelgen: .*\n$/s);
  const said = outcome.stderr.slice("kernelgen: ".length);
  if (typeof message === "string") expect(said).toBe(`${message}\n`);
  else expect(said).toMatch(message);
  expect(said).not.toMatch(/^\s+at /m);
  expect([outcome.exitCode, outcome.stdout]).toEqual([exitCode, ""]);
}

describe("kernelgen config refuses", () => {
  it.for(badOptions)("%s", async ([options, message]) => {
    const [name] = options.split(" ");
    const others = [
      ["--device", "h200"],
      ["--head-dim", "64"],
    ].filter(([other]) => other !== name);
    await expectRefusal(["config", ...others.flat(), ...options.split(" ")], usage, message);
  });

  it.for([
    ["--device h200", /^Missing required argument: head-dim\n/],
    ["--head-dim 64", /^Missing required argument: device\n/],
  ] as const)("%s alone", ([options, message]) => expectRefusal(["config", ...options.split(" ")], usage, message));

  it("a head that fits no family", async () => {
    const message =
      /^no kernel family can serve lstm forward, heads 4096x1, .* on NVIDIA A100.*\n {2}resident: .* needs at least \d+ .* allows \d+.*\n--explain says which sizes would fit\n$/;
    await expectRefusal(
      ["config", "--device", "a100", "--head-dim", "4096", "--family", "resident"],
      noSolution,
      message,
    );
  });
});

describe("kernelgen generate refuses, and writes nothing", () => {
  it.for(badGenerations)("%s", async ([parameters, message]) => {
    const out = join(directory, "out");
    await expectRefusal(["generate", ...parameters.split(" "), "--out", out], usage, message);
    expect(existsSync(out)).toBe(false);
  });

  it("a head that fits no family", async () => {
    const out = join(directory, "out");
    const parameters = [
      "--target",
      "cuda",
      "--device",
      "a100",
      "--head-dim",
      "4096",
      "--family",
      "resident",
      "--out",
      out,
    ];
    await expectRefusal(["generate", ...parameters], noSolution, /^no kernel family can serve .*heads 4096x1/);
    expect(existsSync(out)).toBe(false);
  });
});

describe("kernelgen refuses", () => {
  it("to do nothing", () => expectRefusal([], usage, /^a command is missing\n/));
  it("a command that it does not have", () =>
    expectRefusal(["compile"], usage, 'unknown command "compile"\nSee kernelgen --help.'));
  it("a command with a slip of the pen, and says which it was", () =>
    expectRefusal(
      ["confg", "--versoin"],
      usage,
      'unknown command "confg": did you mean "config"?\nSee kernelgen --help.',
    ));
  it("to show no device in particular", () =>
    expectRefusal(["devices", "show"], usage, "an argument is missing\nSee kernelgen devices --help."));
});
