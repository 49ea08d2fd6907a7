/**
 * Sums of inner lanes beside each other, added up within subgroups.
 *
 * WebGPU does not promise how the invocations of a workgroup lie in its subgroups, nor how large these are. So a workgroup looks first: where
 * each invocation's place in its subgroup follows from that in the workgroup, and SHUFFLE_LANES fit into a subgroup, they shuffle; else they
 * add to the partial sums in turn, with a barrier after each. Both give the same numbers up to rounding.
 *
 * Source: WGSL specification, sections "Subgroup Operations" and "subgroup_invocation_id".
 */
export const shuffleSource = `

// Not zero where an invocation cannot be reached by shuffles.
var<workgroup> unreachable_count: atomic<u32>;

// Whether SHUFFLE_LANES invocations beside each other, from a multiple of it, lie in one subgroup in their order; for the whole workgroup.
fn can_shuffle(invocation: u32, subgroup_invocation: u32, subgroup_size: u32) -> bool {
  if (subgroup_invocation != invocation % subgroup_size || subgroup_size < SHUFFLE_LANES) {
    atomicAdd(&unreachable_count, 1u);
  }
  return workgroupUniformLoad(&unreachable_count) == 0u;
}

// The sum over SHUFFLE_LANES lanes, in each of them.
fn shuffled_sum(sums: vec4f) -> vec4f {
  var total = sums;
  for (var distance = SHUFFLE_LANES / 2u; distance > 0u; distance /= 2u) {
    total += subgroupShuffleXor(total, distance);
  }
  return total;
}`;

/** Parameters of an entry point whose workgroup shuffles. */
export const shuffleParameters =
  ", @builtin(subgroup_invocation_id) subgroup_invocation: u32, @builtin(subgroup_size) subgroup_size: u32";

/** Declares whether the workgroup can shuffle. */
export const shuffleDeclaration = "let shuffles = can_shuffle(invocation, subgroup_invocation, subgroup_size);";

/** Adds up the sums of lanes beside each other, writes each result to its place, and waits. `partial_lane` counts the places of a sum. */
export function publishShuffledSums(sums: readonly string[], places: readonly string[]): string[] {
  const stores = (value: (sum: string, place: string) => string): string[] =>
    places.map((place, index) => `    ${place} = ${value(sums[index]!, place)};`);
  return [
    "let partial_lane = inner_lane / SHUFFLE_LANES;",
    "if (shuffles) {",
    ...sums.map((sum) => `  ${sum} = shuffled_sum(${sum});`),
    "  if (inner_lane % SHUFFLE_LANES == 0u) {",
    ...stores((sum) => sum),
    "  }",
    "  workgroupBarrier();",
    "} else {",
    "  for (var turn = 0u; turn < SHUFFLE_LANES; turn++) {",
    "    if (inner_lane % SHUFFLE_LANES == turn) {",
    ...stores((sum, place) => `select(${place}, vec4f(), turn == 0u) + ${sum}`).map((line) => `  ${line}`),
    "    }",
    "    workgroupBarrier();",
    "  }",
    "}",
  ];
}
