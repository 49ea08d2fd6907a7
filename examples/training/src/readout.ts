/** A linear layer from the units of the network to one score for each class. */
export interface Readout {
  /** [classes, units] */
  readonly weights: Float32Array;
  /** [classes] */
  readonly bias: Float32Array;
}

/** What a readout says of a batch, and how far it is from what it should say. */
export interface ReadoutResult {
  /** Mean cross entropy, in nats. */
  readonly loss: number;
  /** The share of steps whose highest score is that of the right class. */
  readonly accuracy: number;
  /** The class of the highest score of each step. */
  readonly classes: Uint8Array;
  /** The gradient of the loss with respect to the units, [steps, units]. */
  readonly unitGradient: Float32Array;
  readonly gradient: Readout;
}

/**
 * Softmax cross entropy of the scores V·h + c at every step:
 *
 *     L = −(1/S) Σ_s ln p_s[target_s]      dL/dscore_s[k] = (p_s[k] − [k = target_s]) / S
 *
 * @param units h [steps, units], of all games one after the other
 */
export function readOut({ weights, bias }: Readout, units: Float32Array, targets: Uint8Array): ReadoutResult {
  const [classCount, stepCount] = [bias.length, targets.length];
  const unitCount = units.length / stepCount;
  const classes = new Uint8Array(stepCount);
  const unitGradient = new Float32Array(units.length);
  const gradient = { weights: new Float32Array(weights.length), bias: new Float32Array(classCount) };
  let [loss, right] = [0, 0];
  for (let step = 0; step < stepCount; step++) {
    const h = units.subarray(step * unitCount, (step + 1) * unitCount);
    const row = (k: number): Float32Array => weights.subarray(k * unitCount, (k + 1) * unitCount);
    const scores = Array.from(bias, (c, k) => row(k).reduce((sum, v, unit) => sum + v * h[unit]!, c));
    const highest = Math.max(...scores);
    const exponentials = scores.map((score) => Math.exp(score - highest));
    const total = exponentials.reduce((sum, value) => sum + value, 0);
    const target = targets[step]!;
    classes[step] = scores.indexOf(highest);
    if (classes[step] === target) right++;
    loss -= Math.log(exponentials[target]! / total) / stepCount;
    for (let k = 0; k < classCount; k++) {
      const ofScore = (exponentials[k]! / total - (k === target ? 1 : 0)) / stepCount;
      gradient.bias[k]! += ofScore;
      const [v, dv] = [row(k), gradient.weights.subarray(k * unitCount, (k + 1) * unitCount)];
      for (let unit = 0; unit < unitCount; unit++) {
        dv[unit]! += ofScore * h[unit]!;
        unitGradient[step * unitCount + unit]! += ofScore * v[unit]!;
      }
    }
  }
  return { loss, accuracy: right / stepCount, classes, unitGradient, gradient };
}
