/**
 * The smallest multiple of `unit` that is at least `value`.
 *
 * @internal
 */
export const roundUp = (value: number, unit: number): number => Math.ceil(value / unit) * unit;

/**
 * The largest multiple of `unit` that is at most `value`.
 *
 * @internal
 */
export const roundDown = (value: number, unit: number): number => Math.floor(value / unit) * unit;
