import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, vi } from "vitest";
import { main } from "../../../packages/constrint/src/cli.js";

/** What a command wrote and how it ended. */
export interface CommandRun {
  readonly code: typeof process.exitCode;
  readonly out: string;
  readonly err: string;
}

/** A folder of the test file's own, removed at its end; `write` puts a file there and returns its path. */
export function testFolder(): { readonly write: (name: string, text: string) => string } {
  const folder = mkdtempSync(join(tmpdir(), "constrint-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  return {
    write: (name, text) => {
      const path = join(folder, name);
      writeFileSync(path, text);
      return path;
    },
  };
}

/** Runs `constrint` in this process: a process for each call would take most of the time. */
export async function constrint(...args: readonly string[]): Promise<CommandRun> {
  const written = { out: "", err: "" };
  const record = (key: "out" | "err") => (text: unknown) => {
    written[key] += String(text);
    return true;
  };
  const spies = [
    vi.spyOn(process.stdout, "write").mockImplementation(record("out")),
    vi.spyOn(process.stderr, "write").mockImplementation(record("err")),
    vi.spyOn(console, "log").mockImplementation((text) => record("out")(`${text}\n`)),
  ];
  const before = process.exitCode;
  try {
    await main(args);
    return { code: process.exitCode, ...written };
  } finally {
    process.exitCode = before;
    for (const spy of spies) spy.mockRestore();
  }
}
