/**
 * How a number is known.
 *
 * - `published`: the vendor's document or header
 * - `specification`: what a standard guarantees, where this device was not read
 * - `reported`: read from a device or its driver
 * - `measured`: timed on this product
 * - `estimate`: derived or assumed; good for ranking, not a promise
 */
export type SourceKind = "published" | "specification" | "reported" | "measured" | "estimate";

/** Where some of a device's numbers come from. */
export interface DeviceSource {
  /**
   * The numbers, by the path of their property: `"l2Bytes"`, `"timing.clockMegahertz"`. A path covers all below it, so
   * `"timing"` is every number of `timing` for which no longer path is named.
   */
  readonly covers: readonly string[];
  readonly kind: SourceKind;
  /** Document and section, recording, or file of measurements. */
  readonly from: string;
}

/**
 * The source of the number at `path`: the entry that names the longest part of it, the last among equals, so that
 * later entries refine earlier ones; `undefined` if none does.
 *
 * `sourceOf(device.sources, "timing.clockMegahertz")`
 */
export function sourceOf(sources: readonly DeviceSource[], path: string): DeviceSource | undefined {
  let found: DeviceSource | undefined;
  let longest = 0;
  for (const source of sources) {
    for (const covered of source.covers) {
      const covers = covered === path || path.startsWith(`${covered}.`);
      if (covers && covered.length >= longest) {
        found = source;
        longest = covered.length;
      }
    }
  }
  return found;
}

/** The paths of all numbers of a device, e.g. `"timing.clockMegahertz"`; a list of numbers or of objects is one path. */
export function numberPaths(value: object, prefix = ""): readonly string[] {
  return Object.entries(value).flatMap(([name, part]: [string, unknown]) => {
    const path = `${prefix}${name}`;
    if (typeof part === "number") return [path];
    if (Array.isArray(part)) return part.length > 0 && part.every((item) => typeof item !== "string") ? [path] : [];
    return typeof part === "object" && part !== null ? numberPaths(part, `${path}.`) : [];
  });
}
