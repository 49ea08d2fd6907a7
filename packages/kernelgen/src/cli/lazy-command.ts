import type { ArgumentsCamelCase, Argv, CommandModule } from "yargs";

/** What the module of a command has: its options and examples, and what it does. */
export interface CommandBody<Given> {
  builder(yargs: Argv): Argv<Given>;
  handler(given: ArgumentsCamelCase<Given>): void | Promise<void>;
}

/** A command of yargs; what its own handler takes, yargs knows when the command is called. */
export interface LazyCommand extends CommandModule {
  readonly command: string;
}

/**
 * A command whose module is loaded when it is called: a call needs one of them, and loading the solver, the families and what else all of them
 * need would take longer than most calls do.
 */
export const lazyCommand = <Given>(
  command: string,
  describe: string,
  load: () => Promise<CommandBody<Given>>,
): LazyCommand => ({
  command,
  describe,
  builder: async (yargs) => (await load()).builder(yargs),
  handler: async (given) => (await load()).handler(given as ArgumentsCamelCase<Given>),
});
