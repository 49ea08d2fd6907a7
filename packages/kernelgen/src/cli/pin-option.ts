import type { Options } from "yargs";
import { KernelgenError } from "../errors.js";
import type { Pins } from "../plan/stated-tiling.js";

/** The option that fixes unknowns of a tiling. */
export const pinOption = {
  pin: {
    type: "string",
    requiresArg: true,
    describe: "Fix an unknown of the tiling: NAME=VALUE, several times or separated by commas",
  },
} as const satisfies Record<string, Options>;

/**
 * Joins the values of a `--pin` that is given several times into one. Of any other option that is given twice the last counts, which is how the
 * parser is set up.
 */
export function joinedPins(args: readonly string[]): readonly string[] {
  const values: string[] = [];
  const others: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const [, ownValue] = /^--pin=(.*)$/s.exec(args[i]!) ?? [];
    if (ownValue !== undefined) values.push(ownValue);
    else if (args[i] === "--pin" && i + 1 < args.length) values.push(args[++i]!);
    else others.push(args[i]!);
  }
  return values.length === 0 ? others : [...others, "--pin", values.join(",")];
}

/** The pins that the option's text states. Throws `KernelgenError` "invalid-problem" for a text that is not NAME=VALUE, or a name twice. */
export function pinsFrom(text: string | undefined): Pins {
  const pins: Record<string, number> = {};
  for (const part of text === undefined ? [] : text.split(",")) {
    const [, name, value] = /^\s*([A-Za-z]\w*)\s*=\s*(-?\d+)\s*$/.exec(part) ?? [];
    if (name === undefined || !Number.isSafeInteger(Number(value))) {
      throw new KernelgenError(
        "invalid-problem",
        `--pin: "${part}" is not NAME=VALUE with an integer, such as warpsAlongInner=2`,
      );
    }
    if (Object.hasOwn(pins, name)) throw new KernelgenError("invalid-problem", `--pin: ${name} is given twice`);
    pins[name] = Number(value);
  }
  return pins;
}
