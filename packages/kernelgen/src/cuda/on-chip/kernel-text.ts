/** How a family's exchange appears in the kernel. */
export interface ExchangeText {
  /** Further kernel parameters. */
  readonly parameters: readonly string[];
  /** The statement that makes the \`Exchange exchange\`. */
  readonly declaration: string;
}

/** What of a kernel depends on its family and tiling beside the constants. */
export interface KernelText extends ExchangeText {
  /** The block's number among those of all launches. */
  readonly blockIndex: string;
  /** A further argument of \`Product::load\`, with its comma: where the part of R lies that is read in every step. */
  readonly productMemory: string;
  /** Statements of a step after the operand is on its way. */
  readonly afterSend: readonly string[];
  /** Whether inputs are brought to L2 before they are loaded. */
  readonly bringsToL2: boolean;
  /** Whether a step's results are stored, and inputs of a later one loaded, in the next step, when all of its looks at the operand are out. */
  readonly finishesLater: boolean;
}
