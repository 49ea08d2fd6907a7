/** The process's exit codes. */
export const ExitCode = {
  /** The question is answered as hoped: solved, the solution holds, the conflict is found. */
  success: 0,
  /** It is not: no solution or none within the limits, a violated constraint, nothing to explain. */
  failure: 1,
  /** The command line or a file has an error. */
  usage: 2,
} as const;

/** An error in how the command was called. */
export class UsageError extends Error {}
