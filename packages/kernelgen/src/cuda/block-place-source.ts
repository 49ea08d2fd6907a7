/** C++ of which part of the problem a block has: the statements that a kernel begins with. Blocks that talk the most are neighbours. */
export const blockPlaceSource = `const int head = block_index() / (BLOCKS_ALONG_INNER * UNIT_BLOCKS * BATCH_BLOCKS);
  const int first_sequence = block_index() / (BLOCKS_ALONG_INNER * UNIT_BLOCKS) % BATCH_BLOCKS * BATCH_TILE;
  const int first_unit = block_index() / BLOCKS_ALONG_INNER % UNIT_BLOCKS * UNIT_TILE;
  const int first_inner = block_index() % BLOCKS_ALONG_INNER * INNER_PADDED;`;
