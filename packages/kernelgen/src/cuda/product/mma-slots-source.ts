/** How the slots of a warp lie in the results of its matrix instructions. */
export interface MmaSlotsSource {
  /** C++ at namespace scope: the units and sequences of slots. */
  readonly places: string;
  /** Members of `struct Product`: the sums and units of a thread's rows. */
  readonly rows: string;
  /** The end of `multiply`: from accumulators to the sums of each slot. */
  readonly results: string;
}

/**
 * The slots' places where a unit's sums lie in so many lanes. With one, a group of units is eight lanes' rows r and r + 8. With two, a group is
 * four lanes' rows, whose first lane has half of the sums and whose second, sixteen lanes further, the others, both of two sequences:
 * they exchange so that each has all sums of one sequence. So a tile of rows is four units, and a block's units come in fours.
 */
export const mmaSlotsSource = (lanesPerUnit: number): MmaSlotsSource => (lanesPerUnit === 1 ? oneLane : twoLanes);

const oneLane: MmaSlotsSource = {
  places: `/** The units of a group. */
constexpr int GROUP_UNITS = 8 * UNITS_PER_THREAD;

/** The slot of a warp, its place in the block: the first of its adjacent units, and its sequence. */
KERNELGEN_DEVICE int slot_unit(int warp_along_units, int slot) {
  const int group = slot / (COLUMN_GROUPS * COLUMNS_PER_THREAD);
  return ((warp_along_units * UNIT_GROUPS + group) * 8 + lane_index() / 4) * UNITS_PER_THREAD;
}
KERNELGEN_DEVICE int slot_sequence(int slot) {
  const int group = slot / COLUMNS_PER_THREAD % COLUMN_GROUPS;
  return (group * 4 + lane_index() % 4) * COLUMNS_PER_THREAD + slot % COLUMNS_PER_THREAD;
}`,
  rows: `  /** Rows of a thread: the sums of its units. Where they are odd in number, the last row of the last tile is zero. */
  static constexpr int THREAD_ROWS = UNIT_GROUPS * SUM_COUNT * UNITS_PER_THREAD;

  /** Row \`half\` of a thread in a row tile: its sum, and its unit within the warp's. */
  KERNELGEN_DEVICE static int row_sum(int row_tile, int half) {
    return (row_tile * 2 + half) % (SUM_COUNT * UNITS_PER_THREAD) / UNITS_PER_THREAD;
  }
  KERNELGEN_DEVICE static int row_unit(int row_tile, int half) {
    const int row = row_tile * 2 + half;
    const int group = row / (SUM_COUNT * UNITS_PER_THREAD);
    return (group * 8 + lane_index() / 4) * UNITS_PER_THREAD + row % UNITS_PER_THREAD;
  }`,
  results: `    KERNELGEN_UNROLL
    for (int slot = 0; slot < WARP_SLOTS; ++slot) {
      const int unit_group = slot / (COLUMN_GROUPS * COLUMNS_PER_THREAD);
      const int column_group = slot / COLUMNS_PER_THREAD % COLUMN_GROUPS;
      KERNELGEN_UNROLL
      for (int sum = 0; sum < SUM_COUNT; ++sum) {
        KERNELGEN_UNROLL
        for (int unit = 0; unit < UNITS_PER_THREAD; ++unit) {
          const int thread_row = (unit_group * SUM_COUNT + sum) * UNITS_PER_THREAD + unit;
          const int result = thread_row % 2 * 2 + slot % COLUMNS_PER_THREAD;
          sums[slot][sum][unit] = accumulators[thread_row / 2][column_group][result];
        }
      }
    }
`,
};

const twoLanes: MmaSlotsSource = {
  places: `/** The units of a group, and the sums that one of the two lanes of a unit has. */
constexpr int GROUP_UNITS = 4;
constexpr int LANE_SUMS = SUM_COUNT / 2;

/** The slot of a warp, its place in the block: its unit and its sequence. */
KERNELGEN_DEVICE int slot_unit(int warp_along_units, int slot) {
  return (warp_along_units * UNIT_GROUPS + slot / COLUMN_GROUPS) * GROUP_UNITS + lane_index() / 4 % GROUP_UNITS;
}
KERNELGEN_DEVICE int slot_sequence(int slot) {
  return (slot % COLUMN_GROUPS * 4 + lane_index() % 4) * 2 + lane_index() / 16;
}`,
  rows: `  /** Rows of a thread: half of the sums of its units, the first half in lanes below 16. */
  static constexpr int THREAD_ROWS = UNIT_GROUPS * LANE_SUMS;

  /** Row \`half\` of a thread in a row tile: its sum, and its unit within the warp's. */
  KERNELGEN_DEVICE static int row_sum(int row_tile, int half) {
    return (row_tile * 2 + half) % LANE_SUMS + lane_index() / 16 * LANE_SUMS;
  }
  KERNELGEN_DEVICE static int row_unit(int row_tile, int half) {
    return (row_tile * 2 + half) / LANE_SUMS * GROUP_UNITS + lane_index() / 4 % GROUP_UNITS;
  }`,
  results: `    // The two lanes of a unit exchange: the first keeps the first sequence of a column pair.
    const bool is_second = lane_index() >= 16;
    KERNELGEN_UNROLL
    for (int slot = 0; slot < WARP_SLOTS; ++slot) {
      KERNELGEN_UNROLL
      for (int sum = 0; sum < LANE_SUMS; ++sum) {
        const int thread_row = slot / COLUMN_GROUPS * LANE_SUMS + sum;
        const float(&results)[4] = accumulators[thread_row / 2][slot % COLUMN_GROUPS];
        const float first = results[thread_row % 2 * 2];
        const float second = results[thread_row % 2 * 2 + 1];
        const float kept = is_second ? second : first;
        const float received = shuffle_xor(is_second ? first : second, 16);
        sums[slot][sum][0] = is_second ? received : kept;
        sums[slot][LANE_SUMS + sum][0] = is_second ? kept : received;
      }
    }
`,
};
