import {
  add,
  constant,
  divide,
  multiply,
  type Scalar,
  type SelectScalar,
  select,
  sigmoid,
  subtract,
} from "./scalar.js";

/**
 * Makes nodes as the functions of scalar.ts do, but the same node for the same operation on the same operands, and none for what is known
 * beforehand: sums with 0, products with 0 and 1, choices between equals. 0·x counts as 0, whatever x is.
 */
export class SimplifyingBuilder {
  readonly #nodes = new Map<string, Scalar>();
  readonly #numbers = new Map<Scalar, number>();

  /** @param known nodes that are there already, and are to be used again rather than made anew */
  constructor(known: Iterable<Scalar> = []) {
    for (const node of known) this.#nodes.set(this.#key(node), node);
  }

  constant(value: number): Scalar {
    return this.#shared(constant(value));
  }

  add(left: Scalar, right: Scalar): Scalar {
    if (isConstant(left, 0)) return right;
    if (isConstant(right, 0)) return left;
    return this.#shared(add(left, right));
  }

  subtract(left: Scalar, right: Scalar): Scalar {
    return isConstant(right, 0) ? left : this.#shared(subtract(left, right));
  }

  multiply(left: Scalar, right: Scalar): Scalar {
    if (isConstant(left, 0) || isConstant(right, 1)) return left;
    if (isConstant(right, 0) || isConstant(left, 1)) return right;
    return this.#shared(multiply(left, right));
  }

  divide(left: Scalar, right: Scalar): Scalar {
    return isConstant(left, 0) || isConstant(right, 1) ? left : this.#shared(divide(left, right));
  }

  sigmoid(operand: Scalar): Scalar {
    return this.#shared(sigmoid(operand));
  }

  /** A choice by the same comparison that another node makes. */
  select(
    { left, comparison, right }: Pick<SelectScalar, "left" | "comparison" | "right">,
    whenTrue: Scalar,
    whenFalse: Scalar,
  ): Scalar {
    return whenTrue === whenFalse ? whenTrue : this.#shared(select(left, comparison, right, whenTrue, whenFalse));
  }

  #shared(node: Scalar): Scalar {
    const key = this.#key(node);
    const known = this.#nodes.get(key);
    if (known !== undefined) return known;
    this.#nodes.set(key, node);
    return node;
  }

  /** What makes a node the same as another: its operation and its operands' identities. */
  #key(node: Scalar): string {
    switch (node.kind) {
      case "input":
        return `input ${node.name}`;
      case "constant":
        return `constant ${node.value}`;
      case "select": {
        const operands = [node.left, node.right, node.whenTrue, node.whenFalse].map((operand) => this.#number(operand));
        return `select ${node.comparison} ${operands}`;
      }
      default:
        return "operand" in node
          ? `${node.kind} ${this.#number(node.operand)}`
          : `${node.kind} ${this.#number(node.left)} ${this.#number(node.right)}`;
    }
  }

  /** A number for a node's identity; constants and inputs are the same wherever they were made. */
  #number(node: Scalar): number {
    const same = node.kind === "constant" || node.kind === "input" ? this.#shared(node) : node;
    const number = this.#numbers.get(same) ?? this.#numbers.size;
    this.#numbers.set(same, number);
    return number;
  }
}

const isConstant = (node: Scalar, value: number): boolean => node.kind === "constant" && node.value === value;
