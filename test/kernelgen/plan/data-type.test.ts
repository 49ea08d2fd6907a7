import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  bf16Bits,
  type DataType,
  dataTypeBytes,
  dataTypes,
  decode,
  encode,
  fp16Bits,
  fromBf16Bits,
  fromFp16Bits,
  roundTo,
} from "../../../packages/kernelgen/src/plan/data-type.js";
import { propertySeed } from "../../support/property-seed.js";

const infinityBits = 0x7f80;
const signBit = 0x8000;
/** The next power of two after the largest number: where rounding goes as if the exponents went on. */
const beyondLargest = 2 ** 128;

/** The value of bf16 bits by the definition: sign, 8 exponent bits with bias 127, 7 fraction bits. */
function bf16Value(bits: number): number {
  const sign = bits & signBit ? -1 : 1;
  const exponent = (bits >> 7) & 0xff;
  const fraction = bits & 0x7f;
  if (exponent === 0xff) return fraction === 0 ? sign * Infinity : Number.NaN;
  return exponent === 0 ? sign * fraction * 2 ** -133 : sign * (128 + fraction) * 2 ** (exponent - 134);
}

/** The value of fp16 bits by the definition: sign, 5 exponent bits with bias 15, 10 fraction bits. */
function fp16Value(bits: number): number {
  const sign = bits & signBit ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : Number.NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** The double next to a positive one, upwards or downwards. */
function nextDouble(value: number, direction: 1 | -1): number {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  view.setBigInt64(0, view.getBigInt64(0) + BigInt(direction));
  return view.getFloat64(0);
}

describe("bf16", () => {
  it("reads all 65536 bit patterns by the definition, and writes them back", () => {
    for (let bits = 0; bits < 2 ** 16; bits++) {
      const value = fromBf16Bits(bits);
      if (!Object.is(value, bf16Value(bits))) expect([bits, value]).toEqual([bits, bf16Value(bits)]);
      if (!Number.isNaN(value) && bf16Bits(value) !== bits) expect([bits, bf16Bits(value)]).toEqual([bits, bits]);
    }
  });

  it("rounds to the nearest, ties to even, beside and in the middle of every two neighbours", () => {
    const wrong: unknown[] = [];
    const check = (value: number, bits: number): void => {
      if (bf16Bits(value) !== bits) wrong.push({ value, expected: bits, actual: bf16Bits(value) });
      if (bf16Bits(-value) !== bits + signBit) wrong.push({ value: -value, expected: bits + signBit });
    };
    for (let bits = 0; bits < infinityBits; bits++) {
      const above = bits + 1 === infinityBits ? beyondLargest : bf16Value(bits + 1);
      const middle = (bf16Value(bits) + above) / 2;
      check(middle, bits % 2 === 0 ? bits : bits + 1);
      check(nextDouble(middle, -1), bits);
      check(nextDouble(middle, 1), bits + 1);
    }
    expect(wrong.slice(0, 5)).toEqual([]);
  });

  it("keeps the sign of zero, infinities, and NaN whatever its payload", () => {
    expect([0, -0, Infinity, -Infinity].map((value) => roundTo("bf16", value))).toEqual([0, -0, Infinity, -Infinity]);
    const payloads = new Float64Array(new BigUint64Array([0x7ff8000000000000n, 0xfff0000000000001n]).buffer);
    for (const payload of payloads) expect(roundTo("bf16", payload)).toBeNaN();
  });

  it("rounds what is beyond the largest number to infinity", () => {
    const largest = bf16Value(infinityBits - 1);
    expect(roundTo("bf16", largest * (1 + 2 ** -10))).toBe(largest);
    expect([1e39, -1e300].map((value) => roundTo("bf16", value))).toEqual([Infinity, -Infinity]);
  });
});

describe("fp16", () => {
  it("reads all 65536 bit patterns by the definition, and writes them back", () => {
    for (let bits = 0; bits < 2 ** 16; bits++) {
      const value = fromFp16Bits(bits);
      if (!Object.is(value, fp16Value(bits))) expect([bits, value]).toEqual([bits, fp16Value(bits)]);
      if (!Number.isNaN(value) && fp16Bits(value) !== bits) expect([bits, fp16Bits(value)]).toEqual([bits, bits]);
    }
  });

  it("rounds to the nearest, ties to even, beside and in the middle of every two neighbours", () => {
    const wrong: unknown[] = [];
    const check = (value: number, bits: number): void => {
      if (fp16Bits(value) !== bits) wrong.push({ value, expected: bits, actual: fp16Bits(value) });
      if (fp16Bits(-value) !== bits + signBit) wrong.push({ value: -value, expected: bits + signBit });
    };
    for (let bits = 0; bits < 0x7c00; bits++) {
      const above = bits + 1 === 0x7c00 ? 2 ** 16 : fp16Value(bits + 1);
      const middle = (fp16Value(bits) + above) / 2;
      check(middle, bits % 2 === 0 ? bits : bits + 1);
      check(nextDouble(middle, -1), bits);
      check(nextDouble(middle, 1), bits + 1);
    }
    expect(wrong.slice(0, 5)).toEqual([]);
  });

  it("keeps zeros, infinities and NaN, and takes what is beyond the largest number for infinity", () => {
    expect([0, -0, Infinity, -1e5].map((value) => roundTo("fp16", value))).toEqual([0, -0, Infinity, -Infinity]);
    expect(roundTo("fp16", Number.NaN)).toBeNaN();
    expect(roundTo("fp16", 1e-300)).toBe(0);
  });
});

describe("fp32", () => {
  it("rounds as Math.fround does", () => {
    for (const value of [0.1, 1 + 2 ** -24, 1 + 2 ** -23, -1e-45, 1e39]) {
      expect(roundTo("fp32", value)).toBe(Math.fround(value));
    }
  });
});

describe.for([...dataTypes])("%s bytes", (type: DataType) => {
  const numbers = fc.array(fc.double(), { maxLength: 20 });

  it("hold the rounded numbers in order, little-endian", () => {
    fc.assert(
      fc.property(numbers, (values) => {
        const bytes = encode(type, Float64Array.from(values));
        expect(bytes).toHaveLength(values.length * dataTypeBytes[type]);
        const view = new DataView(bytes.buffer, bytes.byteOffset);
        const read = values.map((_, index) =>
          type === "fp32"
            ? view.getFloat32(4 * index, true)
            : (type === "bf16" ? bf16Value : fp16Value)(view.getUint16(2 * index, true)),
        );
        expect(read).toEqual(values.map((value) => roundTo(type, value)));
      }),
      { seed: propertySeed },
    );
  });

  it("are read back as the same numbers, wherever they lie in memory", () => {
    fc.assert(
      fc.property(numbers, fc.nat({ max: 5 }), (values, offset) => {
        const bytes = encode(type, Float64Array.from(values));
        const moved = new Uint8Array(bytes.length + offset).subarray(offset);
        moved.set(bytes);
        expect([...decode(type, moved)]).toEqual(values.map((value) => roundTo(type, value)));
      }),
      { seed: propertySeed },
    );
  });
});
