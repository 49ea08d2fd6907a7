import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

interface PackageJson {
  readonly name: string;
  readonly version: string;
  readonly exports: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly bin?: Readonly<Record<string, string>>;
  readonly files: readonly string[];
  readonly dependencies?: Readonly<Record<string, string>>;
}

const at = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));
const names = ["constrint", "hwmodels", "kernelgen"] as const;
const read = (name: string): PackageJson => JSON.parse(readFileSync(at(`packages/${name}/package.json`), "utf8"));

describe.each(names)("the package %s as it is published", (name) => {
  const { exports, bin = {}, files, dependencies = {}, version } = read(name);

  test("has every file that it names, after the build", () => {
    const paths = [...Object.values(exports).flatMap((entry) => Object.values(entry)), ...Object.values(bin), ...files];
    expect(paths.length).toBeGreaterThan(2);
    expect(paths.filter((path) => !existsSync(at(`packages/${name}/${path}`)))).toEqual([]);
    // Nothing that the entries need lies outside of what is packed.
    const packed = files.map((path) => path.replace(/\/$/, ""));
    const roots = [...Object.values(exports).flatMap((entry) => Object.values(entry)), ...Object.values(bin)];
    expect(roots.filter((path) => !packed.includes(path.replace(/^\.\//, "").split("/")[0]!))).toEqual([]);
  });

  test("has the licence and a README", () => {
    expect(readFileSync(at(`packages/${name}/LICENSE`), "utf8")).toBe(readFileSync(at("LICENSE"), "utf8"));
    expect(readFileSync(at(`packages/${name}/README.md`), "utf8")).toMatch(new RegExp(`^# ${name}\n`));
  });

  test("depends on the packages of this repository in their versions here", () => {
    for (const other of names) {
      if (dependencies[other] !== undefined) expect(dependencies[other]).toBe(read(other).version);
    }
    expect(version).toBe(read("constrint").version);
  });
});
