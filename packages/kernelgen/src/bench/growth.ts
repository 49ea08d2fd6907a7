/** A power law T ↦ scale · T^exponent. */
export interface PowerLaw {
  readonly scale: number;
  readonly exponent: number;
}

/** The power law nearest to measured points, by least squares of logarithms; undefined for fewer than two different T. */
export function fitPowerLaw(points: readonly (readonly [steps: number, value: number])[]): PowerLaw | undefined {
  const logs = points.map(([steps, value]) => [Math.log(steps), Math.log(value)] as const);
  const mean = (pick: (point: readonly [number, number]) => number): number =>
    logs.reduce((sum, point) => sum + pick(point), 0) / logs.length;
  const [meanX, meanY] = [mean(([x]) => x), mean(([, y]) => y)];
  const spread = mean(([x]) => (x - meanX) ** 2);
  if (logs.length < 2 || spread === 0) return undefined;
  const exponent = mean(([x, y]) => (x - meanX) * (y - meanY)) / spread;
  return { scale: Math.exp(meanY - exponent * meanX), exponent };
}
