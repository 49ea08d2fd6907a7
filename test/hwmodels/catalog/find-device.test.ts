import { describe, expect, test } from "vitest";
import { devices, findDevice, UnknownDeviceError } from "../../../packages/hwmodels/src/catalog/find-device.js";

describe("findDevice", () => {
  test.each(devices.map((device) => [device.id, device] as const))("finds %s by id and by name", (id, device) => {
    expect(findDevice(id)).toBe(device);
    expect(findDevice(id.toUpperCase())).toBe(device);
    expect(findDevice(device.name)).toBe(device);
  });

  test.each([
    ["RTX 4090", "rtx4090"],
    ["rtx-4090", "rtx4090"],
    ["Rtx_4090", "rtx4090"],
    ["NVIDIA GeForce RTX 4090", "rtx4090"],
    ["H100 SXM", "h100"],
    ["h100pcie", "h100-pcie"],
    ["Tesla T4", "t4"],
    ["NVIDIA H100 80GB HBM3", "h100"],
    ["WebGPU default", "webgpu-default"],
  ])("takes %s for %s", (spelling, id) => {
    expect(findDevice(spelling).id).toBe(id);
  });

  test("no spelling stands for two devices", () => {
    const plain = (text: string): string => text.toLowerCase().replace(/[^a-z0-9.]/g, "");
    const all = devices.flatMap(({ id, name }) => [...new Set([plain(id), plain(name)])]);
    expect(new Set(all).size).toBe(all.length);
  });

  test.each([
    ["h2000", "h200"],
    ["a1000", "a100"],
    ["rtx4080", "rtx4090"],
    ["webgpu-defualt", "webgpu-default"],
  ])("an unknown %s: names it, the closest id and all ids", (requested, closestId) => {
    let thrown: unknown;
    try {
      findDevice(requested);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(UnknownDeviceError);
    expect(thrown).toMatchObject({ code: "unknown-device", requested, closestId });
    const { message } = thrown as Error;
    for (const { id } of devices) expect(message).toContain(id);
    expect(message).toContain(`unknown device "${requested}": did you mean "${closestId}"?`);
  });

  test("suggests nothing for a name like no other", () => {
    expect(() => findDevice("something")).toThrow(/^unknown device "something"\. Known devices: v100, /);
  });

  test("gives plain data that nobody can change", () => {
    const expectFrozen = (value: unknown): void => {
      if (typeof value !== "object" || value === null) return;
      expect(Object.isFrozen(value)).toBe(true);
      Object.values(value).forEach(expectFrozen);
    };
    expectFrozen(devices);
    expect(JSON.parse(JSON.stringify(devices))).toEqual(devices);
  });
});
