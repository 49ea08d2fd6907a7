/** A whole number with its digits in groups of three. */
export const integerText = (value: number): string => value.toLocaleString("en-US").replaceAll(",", "\u202f");

const byteUnits = [
  { name: "MiB", bytes: 2 ** 20 },
  { name: "KiB", bytes: 2 ** 10 },
] as const;

/** Bytes in the largest unit that leaves a whole number or at least 10. */
function bytesText(value: number): string {
  const unit = byteUnits.find(({ bytes }) => value >= 10 * bytes || (value >= bytes && value % bytes === 0));
  return unit === undefined
    ? `${integerText(value)} B`
    : `${integerText(Math.round((value / unit.bytes) * 10) / 10)} ${unit.name}`;
}

/** What is used and what is allowed, with the unit where it is needed. */
export const useTexts = (used: number, allowed: number, unit: string): readonly [used: string, allowed: string] =>
  unit === "B" ? [bytesText(used), bytesText(allowed)] : [integerText(used), `${integerText(allowed)} ${unit}`];

/** A text whose long numbers are in groups of three digits. */
export const grouped = (text: string): string => text.replaceAll(/\d{5,}/g, (digits) => integerText(Number(digits)));

/** A number of things. */
export const countText = (count: number, noun: string): string =>
  `${integerText(count)} ${noun}${count === 1 ? "" : "s"}`;

/** A time in microseconds, with three digits that matter. */
export const microsecondsText = (value: number): string => `${Number(value.toPrecision(3))} µs`;

/** "unitsPerThread" as "units per thread". */
export const words = (name: string): string => name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
