import { execFile, execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, expect, it, type TestContext } from "vitest";

const root = fileURLToPath(new URL("../../../", import.meta.url));
mkdirSync(join(root, "node_modules/.cache"), { recursive: true });
const directory = mkdtempSync(join(root, "node_modules/.cache/cmake-"));
afterAll(() => rmSync(directory, { recursive: true }));

const run = promisify(execFile);

function requireTools(context: TestContext): void {
  for (const tool of ["cmake", "g++"]) {
    try {
      execFileSync(tool, ["--version"], { stdio: "ignore" });
    } catch {
      context.skip(`kernels cannot be built with CMake here: no ${tool}`);
    }
  }
}

/** The application's configuration: the sizes of its two kernels. */
const write = (small: number, large: number): void => {
  writeFileSync(join(directory, "sizes.mjs"), `export const sizes = { small: ${small}, large: ${large} };\n`);
  writeFileSync(
    join(directory, "kernels.config.mjs"),
    `import { sizes } from "./sizes.mjs";
export default Object.entries(sizes).map(([name, headDim]) => ({ name, cell: "elman", headDim, devices: ["h200"] }));
`,
  );
};

it("a CMake project has its kernels, and builds them again after a change", async (context) => {
  requireTools(context);
  cpSync(fileURLToPath(new URL("./fixtures/cmake/", import.meta.url)), directory, { recursive: true });
  const build = join(directory, "build");
  const plans = (): string =>
    ["small", "large"]
      .map((name) => JSON.parse(readFileSync(join(build, `kernels/app/${name}/h200/plan.json`), "utf8")).hash)
      .join(" ");
  const output = async (): Promise<string> => (await run(join(build, "app"))).stdout.trim();
  write(16, 32);
  await run("cmake", ["-S", directory, "-B", build, `-Dkernelgen_DIR=${join(root, "packages/kernelgen/cmake")}`]);
  await run("cmake", ["--build", build, "--parallel", "2"]);
  const before = await output();
  expect(before).toBe(plans());

  write(16, 48);
  await run("cmake", ["--build", build, "--parallel", "2"]);
  const after = await output();
  expect(after).toBe(plans());
  expect(after.split(" ")[0]).toBe(before.split(" ")[0]);
  expect(after.split(" ")[1]).not.toBe(before.split(" ")[1]);
});
