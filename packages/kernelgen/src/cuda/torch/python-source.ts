import type { ScalarDialect } from "../../cell/render.js";

/** PyTorch operations on whole tensors, in which a literal is a Python number. */
export const torchDialect: ScalarDialect = {
  declare: (name, expression) => `${name} = ${expression}`,
  literal: (value) => (Number.isInteger(value) ? value.toFixed(1) : `${value}`),
  sigmoid: (operand) => `torch.sigmoid(${operand})`,
  tanh: (operand) => `torch.tanh(${operand})`,
  exp: (operand) => `torch.exp(${operand})`,
  log: (operand) => `torch.log(${operand})`,
  logSigmoid: (operand) => `torch.nn.functional.logsigmoid(${operand})`,
  divide: (left, right) => `${left} / ${right}`,
  maximum: (left, right) => `maximum(${left}, ${right})`,
  select: (condition, whenTrue, whenFalse) => `torch.where(${condition}, ${whenTrue}, ${whenFalse})`,
};

/** A Python tuple of these expressions. */
export const tuple = (items: readonly string[]): string => `(${items.join(", ")}${items.length === 1 ? "," : ""})`;
/** `a, b = value`, or nothing where there is nothing to take apart. */
export const unpacked = (names: readonly string[], value: string): readonly string[] =>
  names.length === 0 ? [] : [`${names.join(", ")}${names.length === 1 ? "," : ""} = ${value}`];
/** Each name standing for itself, as the inputs of a graph. */
export const sameNames = (names: readonly string[]): Readonly<Record<string, string>> =>
  Object.fromEntries(names.map((name) => [name, name]));
/** The statements of a Python function. */
export const indented = (lines: readonly string[]): string => lines.map((line) => `    ${line}`).join("\n");
