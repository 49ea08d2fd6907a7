export { domainHas, domainSize, type IntDomain } from "./domain/int-domain.js";
export { Events } from "./engine/events.js";
export type { Consequence, DomainView, Premises } from "./engine/explanation.js";
export { LiteralKind } from "./engine/literal.js";
export { Outcome, Priority, type Propagator } from "./engine/propagator.js";
export type { Store } from "./engine/store.js";
export { SolverError, type SolverErrorCode } from "./error.js";
export { FlatZincError } from "./flatzinc/flatzinc-error.js";
export { type FlatZincProblem, readFlatZinc } from "./flatzinc/problem.js";
export type { SearchPhase } from "./flatzinc/search-annotation.js";
export { formatConstraint, formatExpression, formatProgram } from "./language/printer.js";
export { type Goal, type Program, parseExpression, parseProgram } from "./language/program.js";
export { ConstrintSyntaxError, type Position } from "./language/syntax-error.js";
export {
  type BranchingPhase,
  VALUE_CHOICES,
  VARIABLE_CHOICES,
  type ValueChoice,
  type VariableChoice,
} from "./model/branching.js";
export {
  And,
  and,
  Comparison,
  type Constraint,
  Divides,
  type NamedConstraint,
  Or,
  or,
  type Relation,
  Xor,
  xor,
} from "./model/constraint.js";
export type { CustomBranching, CustomDecision, SearchView } from "./model/custom-branching.js";
export { type Assignment, evaluate, evaluator, holds } from "./model/evaluate.js";
export {
  Absolute,
  Constant,
  constant,
  type IntExpr,
  IntVar,
  Maximum,
  Minimum,
  max,
  min,
  type Operand,
  Power,
  Product,
  product,
  Quotient,
  Remainder,
  Sum,
  sum,
} from "./model/expression.js";
export { AllDifferent, type AllDifferentConsistency, allDifferent } from "./model/global/all-different.js";
export { BinPacking, binPacking } from "./model/global/bin-packing.js";
export { Circuit, circuit } from "./model/global/circuit.js";
export { Cumulative, cumulative, type Task } from "./model/global/cumulative.js";
export { Custom, type CustomDefinition, custom } from "./model/global/custom.js";
export { Disjunctive, disjunctive, type TimedTask } from "./model/global/disjunctive.js";
export { Element, element } from "./model/global/element.js";
export { GlobalCardinality, globalCardinality } from "./model/global/global-cardinality.js";
export type { GlobalConstraint } from "./model/global/global-constraint.js";
export { Inverse, inverse } from "./model/global/inverse.js";
export { Lexicographic, lexLess, lexLessEqual } from "./model/global/lexicographic.js";
export { Regular, regular } from "./model/global/regular.js";
export { Table, table } from "./model/global/table.js";
export { iff, implies, not } from "./model/logic.js";
export { Model } from "./model/model.js";
export type {
  ConflictResult,
  ConflictStatistics,
  Enumeration,
  OptimizeResult,
  Solution,
  SolveResult,
} from "./model/results.js";
export {
  type EnumerateOptions,
  type ExplainOptions,
  type ExplainProgress,
  largest,
  type OptimizeOptions,
  type SearchEngine,
  type SolveOptions,
  smallest,
  type VariableOrder,
} from "./model/solve-options.js";
export type { Rounding } from "./propagators/arithmetic/division.js";
export type { Automaton } from "./propagators/global/regular.js";
export type { Relaxation, Relaxed } from "./relaxation/relaxation.js";
export type { Limits } from "./search/limits.js";
export type { Progress, ProgressOptions } from "./search/progress.js";
export { RESTART_SEQUENCES, type RestartOptions } from "./search/restarts.js";
export type { Statistics } from "./search/statistics.js";
