/** Where a stepwise kernel has its sizes from: the plan of one problem, or the arguments of each launch. */
export interface SizesText {
  /** Parameters of the kernel and of its launch function, before the number of steps. */
  readonly parameters: readonly string[];
  /** The arguments that initialise them. */
  readonly arguments: readonly string[];
  /** Statements at the beginning of the kernel, after which `batch`, `heads` and `head_dim` are known. */
  readonly declaration: string;
  /** The number of blocks of a step's launch. */
  readonly blockCount: string;
  /** What `scratch_bytes` is called with. */
  readonly scratchArguments: string;
}

/** The sizes of the plan's problem, as constants. */
export const plannedSizes: SizesText = {
  parameters: [],
  arguments: [],
  declaration: `
  constexpr int batch = BATCH;
  constexpr int heads = HEAD_COUNT;
  constexpr int head_dim = HEAD_DIM;`,
  blockCount: "BLOCK_COUNT",
  scratchArguments: "BATCH, HEAD_COUNT, HEAD_DIM",
};

/** Any sizes: the tile is that of the plan, and a launch has as many blocks as it takes. */
export const anySizes: SizesText = {
  parameters: ["int batch", "int heads", "int head_dim"],
  arguments: ["batch", "heads", "head_dim"],
  declaration: "",
  blockCount: "Tile::count(batch, heads, head_dim)",
  scratchArguments: "batch, heads, head_dim",
};
