import type { SourceFile } from "../plan/family.js";
import type { Plan } from "../plan/plan.js";
import { headerComment, planConstants } from "../plan/source-text.js";

/**
 * One self-contained .cu file beside the prelude: a header, the plan's constants that the body mentions, and the body, in a namespace.
 *
 * @param computes what the pass is of, for the header
 */
export function kernelFile(plan: Plan, name: string, body: string, computes = "recurrent layer"): SourceFile {
  const { pass } = plan.problem;
  const text = `${headerComment(plan, `${pass === "forward" ? "Forward" : "Backward"} pass of a ${computes}, family ${plan.family}`)}
#include "prelude.cuh"

namespace ${name} {

using namespace kernelgen;

[[maybe_unused]] constexpr char PLAN_HASH[] = "${plan.hash}";
${planConstants(plan, body, (constant, value) => `constexpr int ${constant} = ${value};`)}
${body}
}  // namespace ${name}
`;
  return { name: `${name}.cu`, text };
}
