/**
 * C++ of which part of the problem a block has: the statements that a kernel begins with. Blocks that talk the most are neighbours.
 *
 * @param blockIndex the block's number among those of all launches
 */
export const blockPlaceSource = (blockIndex: string): string => `const int block = ${blockIndex};
  const int head = block / (BLOCKS_ALONG_INNER * UNIT_BLOCKS * BATCH_BLOCKS);
  const int first_sequence = block / (BLOCKS_ALONG_INNER * UNIT_BLOCKS) % BATCH_BLOCKS * BATCH_TILE;
  const int first_unit = block / BLOCKS_ALONG_INNER % UNIT_BLOCKS * UNIT_TILE;
  const int first_inner = block % BLOCKS_ALONG_INNER * INNER_PADDED;`;
