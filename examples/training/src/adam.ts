const rates = { first: 0.9, second: 0.999, epsilon: 1e-8 } as const;

/** The optimiser of Kingma and Ba, "Adam: A Method for Stochastic Optimization" (2015), algorithm 1, on a list of arrays. */
export class Adam {
  readonly #parameters: readonly Float32Array[];
  readonly #learningRate: number;
  readonly #means: readonly Float32Array[];
  readonly #squares: readonly Float32Array[];
  #step = 0;

  /** @param parameters what is optimised, in place */
  constructor(parameters: readonly Float32Array[], learningRate: number) {
    this.#parameters = parameters;
    this.#learningRate = learningRate;
    this.#means = parameters.map(({ length }) => new Float32Array(length));
    this.#squares = parameters.map(({ length }) => new Float32Array(length));
  }

  /** One step down these gradients, in the order of the parameters. */
  descend(gradients: readonly Float32Array[]): void {
    this.#step++;
    const meanScale = 1 / (1 - rates.first ** this.#step);
    const squareScale = 1 / (1 - rates.second ** this.#step);
    for (const [index, values] of this.#parameters.entries()) {
      const [gradient, means, squares] = [gradients[index]!, this.#means[index]!, this.#squares[index]!];
      for (let i = 0; i < values.length; i++) {
        means[i] = rates.first * means[i]! + (1 - rates.first) * gradient[i]!;
        squares[i] = rates.second * squares[i]! + (1 - rates.second) * gradient[i]! ** 2;
        const slope = (means[i]! * meanScale) / (Math.sqrt(squares[i]! * squareScale) + rates.epsilon);
        values[i] = values[i]! - this.#learningRate * slope;
      }
    }
  }
}
