import type { Problem } from "../plan/problem.js";
import { entryPoint } from "./module-source.js";
import { shuffleDeclaration, shuffleParameters } from "./shuffle-source.js";
import type { SlotCounts } from "./slot-source.js";

/** What a workgroup of a forward kernel works on: the dimension of the dispatch that counts heads, and its first unit, in WGSL. */
export interface WorkgroupPlace {
  readonly headDimension: "x" | "z";
  readonly firstUnit: string;
}

/** The head is the whole workgroup's. */
export const headAWorkgroup: WorkgroupPlace = { headDimension: "x", firstUnit: "0u" };

/** The units of a head are dealt to workgroups. */
export const unitTileAWorkgroup: WorkgroupPlace = { headDimension: "z", firstUnit: "workgroup.x * UNIT_TILE" };

/** The start of a forward kernel's entry point: its parameters, then the place of the workgroup and of the invocation in it. */
export function entrySource(problem: Problem, { shuffleLanes }: SlotCounts, place: WorkgroupPlace): string {
  const shuffles = shuffleLanes > 1;
  return `@compute @workgroup_size(INVOCATIONS)
fn ${entryPoint(problem)}(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) invocation: u32${shuffles ? shuffleParameters : ""}) {
  let head = workgroup.${place.headDimension};
  let first_unit = ${place.firstUnit};
  let first_sequence = workgroup.y * BATCH_TILE;
  let inner_lane = invocation % INNER_LANES;
  let unit_lane = invocation / INNER_LANES;${shuffles ? `\n  ${shuffleDeclaration}` : ""}`;
}
