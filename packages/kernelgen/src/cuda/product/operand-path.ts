/**
 * How the operand of the product reaches the registers that multiply it. Through a tile: all of a block's part is received in shared memory,
 * where all warps read it. As fragments: each warp reads what it multiplies from where other blocks wrote it, straight into its registers.
 */
export type OperandPath = "tile" | "fragments";
