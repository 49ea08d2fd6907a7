import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { devices, findDevice } from "../../../packages/hwmodels/src/catalog/find-device.js";
import type { CudaDevice, Device } from "../../../packages/hwmodels/src/device.js";
import { deviceJson, InvalidDeviceError, parseDevice } from "../../../packages/hwmodels/src/device-file/parse.js";
import { numberPaths, sourceOf } from "../../../packages/hwmodels/src/source.js";
import { propertySeed } from "../../support/property-seed.js";

const parse = (value: unknown): Device => parseDevice(JSON.stringify(value), "my.json");

function refusal(value: unknown): InvalidDeviceError {
  try {
    parse(value);
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidDeviceError);
    return error as InvalidDeviceError;
  }
  throw new Error(`accepted ${JSON.stringify(value)}`);
}

/** The JSON of a device with one property, however deep, replaced; `undefined` removes it. */
function withValue(device: Device, path: string, value: unknown): Record<string, unknown> {
  const copy = JSON.parse(deviceJson(device));
  const names = path.split(".");
  const holder = names.slice(0, -1).reduce((part, name) => part[name], copy);
  holder[names.at(-1)!] = value;
  return copy;
}

describe("a device file", () => {
  test.each(devices.map((device) => [device.id, device] as const))("of %s reads back", (_, device) => {
    expect(parseDevice(deviceJson(device), "my.json")).toEqual(device);
  });

  test("changes single numbers of a catalogued device and says so", () => {
    const h200 = findDevice("h200") as CudaDevice;
    const half = parse({
      extends: "H200",
      id: "half-h200",
      name: "half of an H200",
      multiprocessorCount: 66,
      timing: { clockMegahertz: 1500.5 },
    }) as CudaDevice;
    const { sources, ...rest } = half;
    const { sources: _, ...base } = h200;
    expect(rest).toEqual({
      ...base,
      id: "half-h200",
      name: "half of an H200",
      multiprocessorCount: 66,
      timing: { ...base.timing, clockMegahertz: 1500.5 },
    });
    expect(sourceOf(sources, "timing.clockMegahertz")).toMatchObject({ kind: "reported", from: "my.json" });
    expect(sourceOf(sources, "timing.memoryBytesPerSecond")).toEqual(
      sourceOf(h200.sources, "timing.memoryBytesPerSecond"),
    );
    expect(Object.isFrozen(half.timing)).toBe(true);
  });

  test("never passes for the device that it changes", () => {
    const { id, name } = parse({ extends: "h200", multiprocessorCount: 66 });
    expect([id, name]).toEqual(["h200-modified", "NVIDIA H200, modified"]);
  });

  test("keeps the sources that it gives", () => {
    const from = "nvidia-smi of this machine";
    const device = parse({
      extends: "h200",
      multiprocessorCount: 66,
      l2Bytes: 2 ** 25,
      sources: [{ covers: ["multiprocessorCount"], kind: "reported", from }],
    });
    expect(sourceOf(device.sources, "multiprocessorCount")?.from).toBe(from);
    expect(sourceOf(device.sources, "l2Bytes")?.from).toBe("my.json");
  });

  test.each([
    [
      { extends: "h200", timing: { clockMegahertz: -5 } },
      "my.json: timing.clockMegahertz: needs a number from 100 to 10000 MHz, got -5",
    ],
    [
      { extends: "h200", multiprocessorCount: 66.5 },
      "my.json: multiprocessorCount: needs a whole number from 1 to 1024, got 66.5",
    ],
    [
      { extends: "h200", multiprocessorCount: "66" },
      'my.json: multiprocessorCount: needs a whole number from 1 to 1024, got "66"',
    ],
    [{ extends: "h200", timing: 5 }, "my.json: timing: needs an object, got 5"],
    [{ extends: "h200", supports: { clusters: 1 } }, "my.json: supports.clusters: needs true or false, got 1"],
    [
      { extends: "h200", sharedCarveoutBytes: [0, -1] },
      "my.json: sharedCarveoutBytes[1]: needs a whole number from 0 to 1048576 bytes, got -1",
    ],
    [
      { extends: "h200", id: "My Card" },
      'my.json: id: needs a name of lower-case letters, digits and hyphens, got "My Card"',
    ],
    [{ extends: 5 }, "my.json: extends: needs the id of a catalogued device, got 5"],
    [{ kind: "hip" }, 'my.json: kind: needs "cuda" or "webgpu" (or "extends" with a catalogued device), got "hip"'],
    [[1], "my.json: is not a JSON object"],
    [
      { extends: "webgpu-default", features: ["shader-f64"] },
      'my.json: features[0]: needs one of "shader-f16", "subgroups", "timestamp-query", "chromium-experimental-subgroup-matrix", got "shader-f64"',
    ],
    [
      { extends: "h200", registersPerBlock: 131072 },
      "my.json: registersPerBlock: 131072 is more than registersPerMultiprocessor, 65536",
    ],
    [
      { extends: "h200", sharedCarveoutBytes: [0, 65536] },
      "my.json: sharedCarveoutBytes: the last, 65536, is not sharedBytesPerMultiprocessor, 233472",
    ],
    [{ extends: "h200", clusters: null }, "my.json: clusters: is null, but supports.clusters is true"],
    [
      { extends: "webgpu-default", features: ["subgroups"] },
      'my.json: subgroupSizes: is null, but features has "subgroups"',
    ],
    [
      {
        extends: "webgpu-default",
        subgroupMatrices: [{ component: "f16", result: "f32", m: 16, n: 16, k: 16 }],
      },
      'my.json: subgroupMatrices: is not empty, but features lacks "chromium-experimental-subgroup-matrix"',
    ],
    [
      { extends: "webgpu-default", features: ["chromium-experimental-subgroup-matrix"] },
      'my.json: features: has "chromium-experimental-subgroup-matrix", which needs "subgroups"',
    ],
    [
      {
        extends: "webgpu-h200",
        features: ["subgroups", "chromium-experimental-subgroup-matrix"],
        subgroupMatrices: [{ component: "f64", result: "f32", m: 16, n: 16, k: 16 }],
      },
      'my.json: subgroupMatrices[0].component: needs one of "f32", "f16", "u32", "i32", "u8", "i8", got "f64"',
    ],
    [
      { extends: "webgpu-default", limits: { maxComputeWorkgroupSizeX: 512 } },
      "my.json: limits.maxComputeWorkgroupSizeX: 512 is more than limits.maxComputeInvocationsPerWorkgroup, 256",
    ],
  ])("refuses %j", (value, message) => {
    expect(refusal(value).message).toBe(message);
  });

  test("refuses an unknown field, whatever it is called, and names the nearest", () => {
    expect(refusal({ extends: "h200", multiprocesorCount: 66 }).message).toMatch(
      /^my\.json: multiprocesorCount: is unknown: did you mean "multiprocessorCount"\? Known: /,
    );
    expect(refusal({ extends: "h200", timing: { clock: 1 } }).problems[0]!.field).toBe("timing.clock");
    const tricky = `{ "extends": "h200", "__proto__": { "multiprocessorCount": 1 } }`;
    expect(() => parseDevice(tricky, "my.json")).toThrow(/__proto__: is unknown/);
    expect(refusal({ extends: "h200", toString: 1 }).problems[0]!.field).toBe("toString");
  });

  test("names everything that is wrong at once", () => {
    const { problems, message } = refusal({ extends: "h200", multiprocessorCount: 0, l2Bytes: 1, x: 1 });
    expect(problems.map(({ field }) => field)).toEqual(["x", "multiprocessorCount", "l2Bytes"]);
    for (const { field } of problems) expect(message).toContain(field);
  });

  test("refuses what is no JSON, and an unknown device to extend", () => {
    expect(() => parseDevice("{", "my.json")).toThrow(/^my\.json: is not JSON: /);
    expect(refusal({ extends: "h201" }).message).toMatch(
      /^my\.json: extends: unknown device "h201": did you mean "h200"\?/,
    );
  });

  test("needs every field, each a number in its range", () => {
    const wrongNumbers = fc.constantFrom<unknown>(-1, Number.MAX_VALUE, null, "1", true, [], {}, undefined);
    fc.assert(
      fc.property(fc.constantFrom(...devices), fc.nat(), wrongNumbers, (device, pick, wrong) => {
        const { sources: _, ...numbers } = device;
        const paths = numberPaths(numbers);
        const path = paths[pick % paths.length]!;
        const nullable = /^(graphicsProcessingClusterCount|blockBarriers|clusters\.maxBlocks|timing\.clusterBarrier)/;
        fc.pre(
          !(wrong === null && nullable.test(path)) &&
            !(Array.isArray(wrong) && /^(sharedCarveoutBytes|activeClusters)$/.test(path)),
        );
        const { problems } = refusal(withValue(device, path, wrong));
        expect(problems.map(({ field }) => field)).toContain(path);
      }),
      { numRuns: 500, seed: propertySeed },
    );
  });
});
