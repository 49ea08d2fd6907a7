// What ptxas makes of a kernel: the registers that it uses, what it spills, and the fewest registers with which it spills nothing.
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { CudaDevice } from "hwmodels";
import type { GeneratedFile } from "kernelgen/node";

const runFile = promisify(execFile);

export interface Registers {
  /** As many as ptxas uses where the launch bounds are the limit: often more than it needs. */
  readonly used: number;
  /** Bytes that it spills there. */
  readonly spilledBytes: number;
  /** The fewest, in steps of eight as registers are allocated, with which nothing is spilled; left out where there is no such number. */
  readonly needed?: number;
}

/** Limits that are tried: what a multiprocessor allocates, up to the most that a thread can have. */
const limits = [...Array.from({ length: 29 }, (_, index) => 24 + 8 * index), 255];

/** Compiles the kernel among the files of a plan. */
export async function registersOf(files: readonly GeneratedFile[], device: CudaDevice): Promise<Registers> {
  const directory = mkdtempSync(join(tmpdir(), "registers-"));
  try {
    for (const { name, content } of files) writeFileSync(join(directory, name), content);
    const kernel = files.find(({ name }) => name.endsWith("ward.cu"))!;
    const { major, minor } = device.computeCapability;
    const architecture = `-arch=sm_${major}${minor}${major >= 9 ? "a" : ""}`;
    const assembly = join(directory, "kernel.ptx");
    await runFile("nvcc", ["-std=c++17", "-O3", architecture, "-ptx", "-o", assembly, join(directory, kernel.name)]);
    const bounded = readFileSync(assembly, "utf8");
    const assemble = async (text: string): Promise<{ used: number; spilledBytes: number }> => {
      writeFileSync(assembly, text);
      const { stderr } = await runFile("ptxas", [architecture, "-v", "-o", join(directory, "kernel.cubin"), assembly]);
      const largest = (pattern: RegExp): number =>
        Math.max(0, ...[...stderr.matchAll(pattern)].map(([, number]) => Number(number)));
      return { used: largest(/Used (\d+) registers/g), spilledBytes: largest(/(\d+) bytes spill stores/g) };
    };
    const asBounded = await assemble(bounded);
    // The number of threads sets the limit; a limit of one's own takes its place.
    const unbounded = bounded.replace(/^\.minnctapersm.*\n/gm, "");
    const spills = async (limit: number): Promise<boolean> => {
      try {
        return (await assemble(unbounded.replace(/^\.maxntid.*$/gm, `.maxnreg ${limit}`))).spilledBytes > 0;
      } catch (error) {
        // With very few, ptxas does not even try.
        if (/Insufficient registers/.test((error as { stderr?: string }).stderr ?? "")) return true;
        throw error;
      }
    };
    const needed = await leastLimit(asBounded, spills);
    return { ...asBounded, ...(needed !== undefined && { needed }) };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** The first of the limits that does not spill. What is used without a spill is enough; a step down doubles each time that it is too. */
async function leastLimit(
  { used, spilledBytes }: { used: number; spilledBytes: number },
  spills: (limit: number) => Promise<boolean>,
): Promise<number | undefined> {
  const atUsed = limits.findIndex((limit) => limit >= used);
  let [tooFew, enough] = spilledBytes === 0 ? [-1, atUsed] : [atUsed, limits.length];
  for (let step = 1; enough - tooFew > 1; ) {
    const tried = tooFew < 0 ? Math.max(0, enough - step) : Math.floor((tooFew + enough) / 2);
    if (await spills(limits[tried]!)) tooFew = tried;
    else enough = tried;
    step *= 2;
  }
  return limits[enough];
}
