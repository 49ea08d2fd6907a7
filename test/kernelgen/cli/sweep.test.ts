import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findDevice } from "hwmodels";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { familiesFor } from "../../../packages/kernelgen/src/families.js";
import { defineProblem } from "../../../packages/kernelgen/src/plan/problem.js";
import { solvePlan } from "../../../packages/kernelgen/src/plan/solve.js";
import { runKernelgen } from "./run-kernelgen.js";

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "sweep-"));
});
afterAll(() => rm(directory, { recursive: true }));

const devices = ["h200", "rtx4090"] as const;
const headDims = [64, 576, 1088, 4096] as const;
const sweepOf = (...more: readonly string[]) =>
  runKernelgen(
    ...["sweep", "--device", devices.join(","), "--cell", "gru", "--head-dim", "64..1088:512,4096", "--batch", "16"],
    ...more,
  );

describe("kernelgen sweep", () => {
  it("writes a line for each device, size and family, with the plans that config finds", async () => {
    const file = join(directory, "sweep.csv");
    const { exitCode, stderr, stdout } = await sweepOf("--out", file);
    expect([exitCode, stderr]).toEqual([0, ""]);
    expect(stdout).not.toContain("\u001b");
    const [header, ...lines] = (await readFile(file, "utf8")).trimEnd().split("\r\n");
    const names = header!.split(",");
    const rows = lines.map((line) => Object.fromEntries(line.split(",").map((cell, index) => [names[index]!, cell])));
    const expected = devices.flatMap((id) => {
      const device = findDevice(id);
      return headDims.flatMap((headDim) => {
        const problem = defineProblem({ cell: "gru", headDim, batch: 16 });
        const families = familiesFor(device, problem);
        let outcomes: ReturnType<typeof solvePlan>["outcomes"] = families.map((family) => ({ family }));
        let fastest: string | undefined;
        try {
          const search = solvePlan(problem, device, families, {}, { everyFamily: true });
          outcomes = search.outcomes;
          fastest = search.family.name;
        } catch (error) {
          expect(error).toMatchObject({ code: "no-configuration" });
        }
        return outcomes.map(({ family, plan }) => ({
          device: id,
          head_dim: `${headDim}`,
          family: family.name,
          feasible: `${plan !== undefined}`,
          fastest: `${family.name === fastest}`,
          plan: plan?.hash ?? "",
        }));
      });
    });
    expect(
      rows.map(({ device, head_dim, family, feasible, fastest, plan }) => ({
        device,
        head_dim,
        family,
        feasible,
        fastest,
        plan,
      })),
    ).toEqual(expected);
  });

  it("draws the same numbers on one page that needs nothing else", async () => {
    const file = join(directory, "sweep.html");
    const { exitCode } = await sweepOf("--out", file);
    expect(exitCode).toBe(0);
    const { stdout } = await sweepOf("--json");
    const page = await readFile(file, "utf8");
    expect(page).not.toMatch(/<script|https?:|src=|url\(/);
    expect(page).toContain("prefers-color-scheme: dark");
    expect(page.match(/<svg role="img" aria-labelledby=/g)).toHaveLength(devices.length);
    for (const { family, head_dim, predicted_microseconds_per_step: time } of JSON.parse(stdout).points) {
      if (time !== null)
        expect(page).toContain(`<title>${family}, ${head_dim}: ${Number(time.toPrecision(3))} µs</title>`);
    }
    // No open element is left: what opens, closes.
    for (const name of ["svg", "table", "section", "ul", "li", "details", "text", "desc"]) {
      expect(page.match(new RegExp(`<${name}[ >]`, "g"))!.length, name).toBe(
        page.match(new RegExp(`</${name}>`, "g"))!.length,
      );
    }
  });

  it.for([
    [["--head-dim", "64..32"], '--head-dim: "64..32" is an empty range: 64 is more than 32'],
    [["--head-dim", "64..96:0"], '--head-dim: "64..96:0" has a step of 0: it needs 1 or more'],
    [["--head-dim", "64..x"], '--head-dim: "64..x" is not a whole number or a range such as 64..2560:64'],
    [["--head-dim", "1..16384", "--batch", "1..100"], "sweep: 1638400 points are more than 20000"],
    [["--head-dim", "64", "--out", "sweep.txt"], "--out: sweep.txt ends with none of .csv, .html"],
    [["--head-dim", "64", "--batch", "0"], "batch: 0 is not an integer from 1 to 65535"],
  ] as const)("refuses %o", async ([parameters, message]) => {
    const { exitCode, stderr, stdout } = await runKernelgen("sweep", "--device", "h200", ...parameters);
    expect([exitCode, stderr, stdout]).toEqual([2, `kernelgen: ${message}\n`, ""]);
  });
});
