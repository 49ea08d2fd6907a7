/** Why a {@link SolverError} was thrown. */
export type SolverErrorCode =
  | "overflow"
  | "division-by-zero"
  | "not-an-integer"
  | "invalid-domain"
  | "invalid-expression"
  | "invalid-name"
  | "invalid-option"
  | "duplicate-name"
  | "unknown-variable"
  | "missing-value"
  | "syntax";

/**
 * An error in what the caller asked for: a model, an option or a text that has no meaning, or a result that has no exact
 * representation. The message names the thing, the number and the limit.
 */
export class SolverError extends Error {
  override readonly name: string = "SolverError";

  constructor(
    /** A stable identifier for programs; the message is for people. */
    readonly code: SolverErrorCode,
    message: string,
  ) {
    super(message);
  }
}
