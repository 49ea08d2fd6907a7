/** What a node of an expression graph computes of its operands. @internal */
export const Kind = { variable: 0, linear: 1, product: 2, quotient: 3, max: 4, min: 5 } as const;
/** @internal */
export type Kind = (typeof Kind)[keyof typeof Kind];

/**
 * Where the fields of a node lie, in bytes from its address; `begin` and `end` are the addresses of its first operand and after its last.
 *
 * @internal
 */
export const nodeLayout = {
  low: 0,
  high: 8,
  requiredLow: 16,
  requiredHigh: 24,
  constant: 32,
  kind: 40,
  begin: 44,
  end: 48,
  isNarrowed: 52,
  bytes: 56,
} as const;

/** Where the fields of an operand lie: its coefficient, where the node is linear, and the address of the node that it is. @internal */
export const operandLayout = { coefficient: 0, node: 8, bytes: 16 } as const;

/** The bits of what `propagate` answers; 0 says that nothing is left for some variable. @internal */
export const Answer = {
  possible: 1,
  /** A variable has been narrowed. */
  changed: 2,
  /** The last round narrowed one: another may, too. */
  unfinished: 4,
  /** All variables are fixed. */
  fixed: 8,
} as const;
