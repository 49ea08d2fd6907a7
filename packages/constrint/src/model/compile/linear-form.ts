import { gcd, isExact, MAX_INTEGER } from "../../domain/integers.js";
import { SolverError } from "../../error.js";

/** constant + Σ coefficient · variable, by variable number and without coefficients 0. @internal */
export class LinearForm {
  private constructor(
    readonly constant: number,
    readonly terms: ReadonlyMap<number, number>,
  ) {}

  static constant(value: number): LinearForm {
    return new LinearForm(requireExact(value), new Map());
  }

  static variable(variable: number): LinearForm {
    return new LinearForm(0, new Map([[variable, 1]]));
  }

  /** The sum of forms, in time linear in all their terms. */
  static sum(forms: Iterable<LinearForm>): LinearForm {
    const terms = new Map<number, number>();
    let constant = 0;
    for (const form of forms) {
      addTerms(terms, form, 1);
      constant = requireExact(constant + form.constant);
    }
    return new LinearForm(constant, terms);
  }

  get isConstant(): boolean {
    return this.terms.size === 0;
  }

  /** This + factor · other. */
  plus(other: LinearForm, factor = 1): LinearForm {
    const terms = new Map(this.terms);
    addTerms(terms, other, factor);
    return new LinearForm(requireExact(this.constant + requireExact(factor * other.constant)), terms);
  }

  /** Whether {@link scaled} by this factor leaves all numbers in the exact range. */
  canBeScaled(factor: number): boolean {
    if (!isExact(this.constant * factor)) return false;
    for (const coefficient of this.terms.values()) if (!isExact(coefficient * factor)) return false;
    return true;
  }

  /** This · factor. */
  scaled(factor: number): LinearForm {
    return LinearForm.constant(0).plus(this, factor);
  }

  /** This / divisor, which divides the constant and every coefficient. */
  dividedBy(divisor: number): LinearForm {
    const terms = [...this.terms].map(([variable, coefficient]) => [variable, coefficient / divisor] as const);
    return new LinearForm(this.constant / divisor + 0, new Map(terms));
  }

  /** The greatest common divisor of the constant and all coefficients. */
  content(): number {
    return gcd(this.constant, this.termContent());
  }

  /** The greatest common divisor of the coefficients. */
  termContent(): number {
    let content = 0;
    for (const coefficient of this.terms.values()) content = gcd(content, coefficient);
    return content;
  }

  /** The terms in the order of the variables' numbers. */
  sortedTerms(): (readonly [variable: number, coefficient: number])[] {
    return [...this.terms].sort(([x], [y]) => x - y);
  }
}

/** Adds factor · form's terms in place. */
function addTerms(terms: Map<number, number>, form: LinearForm, factor: number): void {
  for (const [variable, coefficient] of form.terms) {
    const total = requireExact((terms.get(variable) ?? 0) + requireExact(factor * coefficient));
    if (total === 0) terms.delete(variable);
    else terms.set(variable, total);
  }
}

function requireExact(value: number): number {
  if (!isExact(value)) {
    throw new SolverError("overflow", `model: a coefficient or constant of about ${value} leaves ±${MAX_INTEGER}`);
  }
  return value + 0;
}
