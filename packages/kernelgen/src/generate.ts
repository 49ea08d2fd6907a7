import { caseFiles } from "./cuda/check/case-files.js";
import { checkSource } from "./cuda/check/check-source.js";
import { scanCheckSource } from "./cuda/scan/check-source.js";
import { scanFamily } from "./cuda/scan/scan.js";
import { supportFiles } from "./cuda/support-files.js";
import { KernelgenError } from "./errors.js";
import type { KernelFamily } from "./plan/family.js";
import { checkKernelName } from "./plan/kernel-name.js";
import type { Plan } from "./plan/plan.js";
import { planToJson } from "./plan/plan-json.js";

/** A file that belongs to a generated kernel. */
export interface GeneratedFile {
  /** Name within the directory of the kernel. */
  readonly name: string;
  readonly content: string | Uint8Array;
}

/** What may be asked for beside the kernel. */
export interface GenerateOptions {
  /** What names in the source and of the source files start with; the cell's name if left out. */
  readonly name?: string | undefined;
  /** CUDA only: add a random case drawn from this seed, inputs and expected outputs, for the check program. */
  readonly caseSeed?: number | undefined;
}

/**
 * All files of a plan's kernel: its source, `plan.json`, and for CUDA the prelude and the check program. The same plan gives the same
 * bytes everywhere. Throws `KernelgenError` "invalid-name" for a name that is no identifier.
 */
export function generateFiles(
  plan: Plan,
  family: KernelFamily,
  { name, caseSeed }: GenerateOptions = {},
): readonly GeneratedFile[] {
  if (name !== undefined) checkKernelName(name);
  const files: GeneratedFile[] = family.emit(plan, name).map((file) => ({ name: file.name, content: file.text }));
  if (plan.target === "cuda") {
    const isScan = plan.family === scanFamily.name;
    const check = isScan ? scanCheckSource(plan, name) : checkSource(plan, name);
    files.push({ name: check.name, content: check.text }, ...supportFiles(isScan ? "scan" : "recurrent"));
    if (caseSeed !== undefined) {
      if (isScan)
        throw new KernelgenError("invalid-problem", "case: the check program of a scan draws its inputs itself");
      files.push(...caseFiles(plan.problem, caseSeed));
    }
  }
  files.push({ name: "plan.json", content: `${JSON.stringify(planToJson(plan), undefined, 2)}\n` });
  return files;
}
