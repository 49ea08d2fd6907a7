import { caseFiles } from "./cuda/case-files.js";
import { checkSource } from "./cuda/check-source.js";
import { supportFiles } from "./cuda/support-files.js";
import type { KernelFamily } from "./plan/family.js";
import type { Plan } from "./plan/plan.js";
import { planToJson } from "./plan/plan-json.js";

/** A file that belongs to a generated kernel. */
export interface GeneratedFile {
  /** Name within the directory of the kernel. */
  readonly name: string;
  readonly content: string | Uint8Array;
}

/**
 * All files of a plan's kernel: its source, `plan.json`, and for CUDA the prelude and the check program. The same plan gives the same
 * bytes everywhere.
 *
 * @param caseSeed CUDA only: add a random case drawn from this seed, inputs and expected outputs, for the check program
 */
export function generateFiles(plan: Plan, family: KernelFamily, caseSeed?: number): readonly GeneratedFile[] {
  const files: GeneratedFile[] = family.emit(plan).map(({ name, text }) => ({ name, content: text }));
  if (plan.target === "cuda") {
    const check = checkSource(plan);
    files.push({ name: check.name, content: check.text }, ...supportFiles());
    if (caseSeed !== undefined) files.push(...caseFiles(plan.problem, caseSeed));
  }
  files.push({ name: "plan.json", content: `${JSON.stringify(planToJson(plan), undefined, 2)}\n` });
  return files;
}
