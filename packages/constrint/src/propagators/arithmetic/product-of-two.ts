import { ceilDivide, floorDivide } from "../../domain/integers.js";
import { Outcome } from "../../engine/propagator.js";
import type { Store } from "../../engine/store.js";

/**
 * Narrows x·y = z for different variables x, y ≥ 1 whose products are exact in doubles: the case of nearly every product, written out.
 *
 * Consistency: bounds over the reals, rounded inward; `stable` and `entailed` say that another run would find nothing.
 *
 * @internal
 */
export function propagateProductOfTwo(store: Store, x: number, y: number, z: number): Outcome {
  let xMin = store.min(x);
  let xMax = store.max(x);
  let yMin = store.min(y);
  let yMax = store.max(y);
  let zMin = store.min(z);
  let zMax = store.max(z);
  if (xMin * yMin > zMin) {
    if (!store.setMin(z, xMin * yMin)) return Outcome.failed;
    zMin = store.min(z);
  }
  if (xMax * yMax < zMax) {
    if (!store.setMax(z, xMax * yMax)) return Outcome.failed;
    zMax = store.max(z);
  }
  if (xMin * yMax < zMin) {
    if (!store.setMin(x, ceilDivide(zMin, yMax))) return Outcome.failed;
    xMin = store.min(x);
  }
  if (xMax * yMin > zMax) {
    if (!store.setMax(x, floorDivide(zMax, yMin))) return Outcome.failed;
    xMax = store.max(x);
  }
  if (yMin * xMax < zMin) {
    if (!store.setMin(y, ceilDivide(zMin, xMax))) return Outcome.failed;
    yMin = store.min(y);
  }
  if (yMax * xMin > zMax) {
    if (!store.setMax(y, floorDivide(zMax, xMin))) return Outcome.failed;
    yMax = store.max(y);
  }
  const isFixpoint =
    xMin * yMin <= zMin &&
    xMax * yMax >= zMax &&
    xMin * yMax >= zMin &&
    xMax * yMin <= zMax &&
    yMin * xMax >= zMin &&
    yMax * xMin <= zMax;
  if (!isFixpoint) return Outcome.changed;
  return xMin === xMax && yMin === yMax ? Outcome.entailed : Outcome.stable;
}
