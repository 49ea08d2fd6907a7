import { existsSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { devices } from "../../../packages/hwmodels/src/catalog/find-device.js";
import { numberPaths, sourceOf } from "../../../packages/hwmodels/src/source.js";

const repository = new URL("../../../", import.meta.url);

describe("sourceOf", () => {
  const sources = [
    { covers: ["timing"], kind: "estimate", from: "a" },
    { covers: ["timing.clockMegahertz", "l2Bytes"], kind: "reported", from: "b" },
    { covers: ["timing.clockMegahertz"], kind: "published", from: "c" },
  ] as const;

  test.each([
    ["l2Bytes", "b"],
    ["timing.clockMegahertz", "c"],
    ["timing.memoryBytesPerSecond", "a"],
    ["timing", "a"],
    ["tim", undefined],
    ["l2BytesPerSecond", undefined],
  ])("of %s is %s", (path, from) => {
    expect(sourceOf(sources, path)?.from).toBe(from);
  });
});

describe.each(devices.map((device) => [device.id, device] as const))("%s", (_, device) => {
  test("has a source for every number", () => {
    const { sources, ...numbers } = device;
    const paths = numberPaths(numbers);
    expect(paths.length).toBeGreaterThan(20);
    expect(paths.filter((path) => sourceOf(sources, path) === undefined)).toEqual([]);
  });

  test("names no number that it does not have", () => {
    // A number that is null here (no clusters) is there on other devices.
    const exists = (path: string): boolean =>
      path.split(".").reduce<unknown>((part, name) => {
        const held = part as Record<string, unknown> | null | undefined;
        return held === null || held === undefined ? held : held[name];
      }, device) !== undefined;
    for (const source of device.sources) for (const path of source.covers) expect(exists(path), path).toBe(true);
  });

  test("names measurement files that are there", () => {
    for (const { from } of device.sources) {
      for (const file of from.match(/bench\/[\w/.-]+\.md/g) ?? []) {
        expect(existsSync(new URL(file, repository)), file).toBe(true);
      }
    }
  });
});
