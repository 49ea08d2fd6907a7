/** Something that is not what it should be, for a message: text in quotes, a variable by its name, other parts of a model by their kind. @internal */
export function described(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "object" && value !== null) {
    const { kind, name } = value as { readonly kind?: unknown; readonly name?: unknown };
    if (typeof kind === "string") return typeof name === "string" ? `(the ${kind} ${name})` : `(of kind ${kind})`;
  }
  return String(value);
}
