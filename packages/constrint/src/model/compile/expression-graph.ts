import { interval } from "../../domain/int-domain.js";
import { ceilDivide, floorDivide, isExact } from "../../domain/integers.js";
import type { Engine } from "../../engine/engine.js";
import { Outcome } from "../../engine/propagator.js";
import { ExpressionGraph } from "../../propagators/arithmetic/expression-graph.js";
import type { Relation } from "../constraint.js";
import type { IntExpr, IntVar, Sum } from "../expression.js";
import { LinearForm } from "./linear-form.js";
import { isFlat, termsOf } from "./sum-terms.js";

/**
 * Translates expressions and comparisons to one {@link ExpressionGraph}, which needs no auxiliary variables. What it has no node for, and what
 * may leave the exact range, is refused, to be translated in the common way.
 *
 * @internal
 */
export class ExpressionGraphCompiler {
  private readonly graph = new ExpressionGraph();
  /** Forms over nodes; undefined for expressions without one. */
  private readonly forms = new Map<IntExpr, LinearForm | undefined>();
  /** Nodes by what they compute. */
  private readonly nodes = new Map<string, number>();
  /** Variables that equal a node. */
  private readonly defined = new Map<number, number>();
  /** The variable of a leaf. */
  private readonly leaves = new Map<number, number>();
  private isPosted = false;

  constructor(
    private readonly engine: Engine,
    private readonly numberOf: (variable: IntVar) => number,
  ) {}

  /** Whether the expression has a node. */
  has(expression: IntExpr): boolean {
    return this.formOf(expression) !== undefined || (this.tighten() && this.formOf(expression) !== undefined);
  }

  /** A variable that equals the expression, if that has a node. */
  variableFor(expression: IntExpr): number | undefined {
    const form = this.formOf(expression);
    const node = form && this.nodeOf(form);
    if (node === undefined) return undefined;
    const leaf = this.leaves.get(node);
    if (leaf !== undefined) return leaf;
    let variable = this.defined.get(node);
    if (variable === undefined) {
      variable = this.engine.addVariable(interval(this.graph.rootLow(node), this.graph.rootHigh(node)));
      this.graph.define(node, variable);
      this.defined.set(node, variable);
      this.post();
    }
    return variable;
  }

  /** Requires a comparison; returns false, and requires nothing, where it has no node. */
  require(relation: Relation, left: IntExpr, right: IntExpr): boolean {
    if (relation === "!=") return false;
    const leftForm = this.formOf(left);
    const rightForm = leftForm && this.formOf(right);
    if (rightForm === undefined) return false;
    const difference = leftForm!.plus(rightForm, -1);
    if (difference.isConstant) return false;
    const bounds: Record<typeof relation, readonly [number, number]> = {
      "==": [0, 0],
      "<=": [-Infinity, 0],
      "<": [-Infinity, -1],
      ">=": [0, Infinity],
      ">": [1, Infinity],
    };
    const [low, high] = bounds[relation];
    const [[only, coefficient] = [-1, 0], ...others] = [...difference.terms];
    if (others.length === 0) {
      // low ≤ coefficient · node + constant ≤ high
      const ends = [low - difference.constant, high - difference.constant];
      const [least, most] = coefficient > 0 ? ends : ends.reverse();
      this.graph.require(only, ceilDivide(least!, coefficient), floorDivide(most!, coefficient));
    } else {
      const node = this.nodeOf(difference);
      if (node === undefined) return false;
      this.graph.require(node, low, high);
    }
    this.post();
    return true;
  }

  /**
   * Narrows domains by what the graph requires so far, and forgets which expressions had no node: of narrower domains they may stay in the
   * exact range. Returns false where no domain is narrower.
   */
  private tighten(): boolean {
    const { store } = this.engine;
    const before = store.changes;
    // Not by the engine, which runs nothing again that holds for the domains of now: constraints are still added. Where it fails, the search will.
    while (this.graph.propagateOnce(store) === Outcome.changed);
    if (store.changes === before) return false;
    for (const [expression, form] of this.forms) if (form === undefined) this.forms.delete(expression);
    return true;
  }

  private post(): void {
    if (this.isPosted) return;
    this.engine.post(this.graph);
    this.isPosted = true;
  }

  private formOf(expression: IntExpr): LinearForm | undefined {
    if (!this.forms.has(expression)) this.forms.set(expression, this.buildForm(expression));
    return this.forms.get(expression);
  }

  private buildForm(expression: IntExpr): LinearForm | undefined {
    switch (expression.kind) {
      case "constant":
        return LinearForm.constant(expression.value);
      case "variable":
        return this.leafForm(expression);
      case "sum":
        return this.sumForm(expression);
      case "product":
        return this.productForm(expression.factors);
      case "quotient": {
        const nodes = this.nodesOf([expression.dividend, expression.divisor]);
        return nodes && this.formOfNode(nodes.join("/"), () => this.graph.quotient(nodes[0]!, nodes[1]!));
      }
      case "max":
      case "min": {
        const { kind, operands } = expression;
        const nodes = this.nodesOf(operands);
        return nodes && this.formOfNode(`${kind} ${nodes.join()}`, () => this.graph.extremum(kind, nodes));
      }
      default:
        return undefined;
    }
  }

  private leafForm(variable: IntVar): LinearForm | undefined {
    const number = this.numberOf(variable);
    const { store } = this.engine;
    const min = store.min(number);
    const max = store.max(number);
    if (!Number.isFinite(min) || !Number.isFinite(max)) return undefined;
    return this.formOfNode(`variable ${number}`, () => {
      const node = this.graph.variable(number, min, max);
      this.leaves.set(node, number);
      return node;
    });
  }

  private sumForm(expression: Sum): LinearForm | undefined {
    const forms: LinearForm[] = [];
    if (isFlat(expression)) {
      for (const term of expression.terms) {
        const form = this.formOf(term);
        if (form === undefined) return undefined;
        forms.push(form);
      }
      return LinearForm.sum(forms);
    }
    for (const [term, count] of termsOf(expression)) {
      const form = scaled(this.formOf(term), Number(count));
      if (form === undefined) return undefined;
      forms.push(form);
    }
    return LinearForm.sum(forms);
  }

  private productForm(factors: readonly IntExpr[]): LinearForm | undefined {
    let coefficient = 1;
    const open: LinearForm[] = [];
    for (const factor of factors) {
      const form = this.formOf(factor);
      if (form === undefined) return undefined;
      if (form.isConstant) coefficient *= form.constant;
      else open.push(form);
    }
    if (!isExact(coefficient)) return undefined;
    if (coefficient === 0 || open.length === 0) return LinearForm.constant(coefficient);
    if (open.length === 1) return scaled(open[0], coefficient);
    const nodes: number[] = [];
    for (const form of open) {
      const content = form.content();
      coefficient *= content;
      const node = this.nodeOf(form.dividedBy(content));
      if (node === undefined) return undefined;
      nodes.push(node);
    }
    nodes.sort((x, y) => x - y);
    const product = this.formOfNode(nodes.join("*"), () => this.graph.product(nodes));
    return isExact(coefficient) ? scaled(product, coefficient) : undefined;
  }

  private nodesOf(expressions: readonly IntExpr[]): number[] | undefined {
    const nodes: number[] = [];
    for (const expression of expressions) {
      const form = this.formOf(expression);
      const node = form && this.nodeOf(form);
      if (node === undefined) return undefined;
      nodes.push(node);
    }
    return nodes;
  }

  /** The node that computes a form. */
  private nodeOf(form: LinearForm): number | undefined {
    const terms = form.sortedTerms();
    if (form.constant === 0 && terms.length === 1 && terms[0]![1] === 1) return terms[0]![0];
    const operands = terms.map(([node]) => node);
    const coefficients = terms.map(([, coefficient]) => coefficient);
    const key = `${form.constant}+${coefficients.join()}·${operands.join()}`;
    return this.node(key, () => this.graph.linear(operands, coefficients, form.constant));
  }

  private formOfNode(key: string, add: () => number | undefined): LinearForm | undefined {
    const node = this.node(key, add);
    return node === undefined ? undefined : LinearForm.variable(node);
  }

  /** The node that computes the same, or else a new one. */
  private node(key: string, add: () => number | undefined): number | undefined {
    let node = this.nodes.get(key);
    if (node === undefined) {
      node = add();
      if (node !== undefined) this.nodes.set(key, node);
    }
    return node;
  }
}

function scaled(form: LinearForm | undefined, factor: number): LinearForm | undefined {
  if (form === undefined || factor === 1) return form;
  return form.canBeScaled(factor) ? form.scaled(factor) : undefined;
}
