import { shuffleDeclaration, shuffleParameters } from "./shuffle-source.js";
import type { SlotCounts } from "./slot-source.js";

/** What a workgroup works on: the dimension of the dispatch that counts heads, and its first unit, in WGSL. */
export interface WorkgroupPlace {
  readonly headDimension: "x" | "z";
  readonly firstUnit: string;
}

/** The head is the whole workgroup's. */
export const headAWorkgroup: WorkgroupPlace = { headDimension: "x", firstUnit: "0u" };

/** The units of a head are dealt to workgroups. */
export const unitTileAWorkgroup: WorkgroupPlace = { headDimension: "z", firstUnit: "workgroup.x * UNIT_TILE" };

/** Which of a workgroup's invocations is which lane, in WGSL. */
export interface LaneOrder {
  readonly unitLane: string;
  readonly innerLane: string;
}

/** The inner lanes of a unit lie beside each other. */
const innerLanesTogether: LaneOrder = {
  unitLane: "invocation / INNER_LANES",
  innerLane: "invocation % INNER_LANES",
};

/** Unit lanes lie beside each other, since they read R beside each other; but before them the inner lanes that shuffle. */
export const unitLanesTogether = ({ shuffleLanes }: SlotCounts): LaneOrder =>
  shuffleLanes === 1
    ? { unitLane: "invocation % UNIT_LANES", innerLane: "invocation / UNIT_LANES" }
    : {
        unitLane: "invocation / SHUFFLE_LANES % UNIT_LANES",
        innerLane: "invocation / (SHUFFLE_LANES * UNIT_LANES) * SHUFFLE_LANES + invocation % SHUFFLE_LANES",
      };

/** The start of a kernel's entry point: its parameters, then the place of the workgroup and of the invocation in it. */
export function entrySource(
  name: string,
  { shuffleLanes }: SlotCounts,
  place: WorkgroupPlace,
  lanes: LaneOrder = innerLanesTogether,
): string {
  const shuffles = shuffleLanes > 1;
  return `@compute @workgroup_size(INVOCATIONS)
fn ${name}(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) invocation: u32${shuffles ? shuffleParameters : ""}) {
  let head = workgroup.${place.headDimension};
  let first_unit = ${place.firstUnit};
  let first_sequence = workgroup.y * BATCH_TILE;
  let inner_lane = ${lanes.innerLane};
  let unit_lane = ${lanes.unitLane};${shuffles ? `\n  ${shuffleDeclaration}` : ""}`;
}
