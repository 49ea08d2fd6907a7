import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, sep } from "node:path";
import { fileURLToPath } from "node:url";

/** What wrote a build's files. */
export interface Tool {
  readonly version: string;
  /** Of the code that decides what is written: the files of constrint, hwmodels and kernelgen. */
  readonly fingerprint: string;
}

const packageRoot = fileURLToPath(new URL("../..", import.meta.url));
const codeFile = /\.(js|cuh|hpp|cpp)$/;

let known: Tool | undefined;

/** The version of this package, and a hash of its code and of that of the packages which it solves with. */
export function tool(): Tool {
  known ??= readTool();
  return known;
}

function readTool(): Tool {
  const { version } = JSON.parse(readFileSync(join(packageRoot, "package.json"), "utf8")) as { version: string };
  const { resolve } = createRequire(import.meta.url);
  const roots = [
    ...["constrint", "hwmodels"].map((name) => dirname(resolve(name))),
    join(packageRoot, "dist"),
    join(packageRoot, "assets"),
  ];
  const hash = createHash("sha256");
  for (const root of roots) {
    for (const name of codeFiles(root)) {
      hash
        .update(name)
        .update("\0")
        .update(readFileSync(join(root, name)))
        .update("\0");
    }
  }
  return { version, fingerprint: hash.digest("hex").slice(0, fingerprintDigits) };
}

const fingerprintDigits = 16;

/** The files of code below a directory, by names that are the same and in the same order on any machine. */
const codeFiles = (root: string): string[] =>
  readdirSync(root, { recursive: true, encoding: "utf8" })
    .filter((name) => codeFile.test(name))
    .map((name) => name.split(sep).join("/"))
    .toSorted();
