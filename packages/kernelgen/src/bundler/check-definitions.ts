import { basename } from "node:path";
import { KernelgenError } from "../errors.js";
import { checkKernelName } from "../plan/kernel-name.js";
import type { KernelDefinition } from "./definition.js";

type FieldKind = "string" | "number" | "boolean" | "strings" | "cell";

/** The fields of a definition. Their values are checked further where the problem and the devices are made of them. */
const fields: Readonly<Record<keyof KernelDefinition, FieldKind>> = {
  name: "string",
  pass: "string",
  cell: "cell",
  headDim: "number",
  heads: "number",
  batch: "number",
  steps: "number",
  dataType: "string",
  tf32: "boolean",
  stateOutput: "string",
  training: "boolean",
  forwardClip: "number",
  recurrentGradientClip: "number",
  recurrentGradientCut: "boolean",
  lengths: "boolean",
  devices: "strings",
  family: "string",
  inputDim: "number",
  layers: "number",
  bidirectional: "boolean",
  assumeForwardProgress: "boolean",
  subgroupMatrices: "boolean",
};

function isOfKind(value: unknown, kind: FieldKind): boolean {
  if (kind === "strings") return Array.isArray(value) && value.every((part) => typeof part === "string");
  // A definition of one's own is checked with the problem.
  if (kind === "cell") return typeof value === "string" || (typeof value === "object" && value !== null);
  return typeof value === kind;
}

/** How a message calls a kind. */
const kindText: Readonly<Record<FieldKind, string>> = {
  string: "string",
  number: "number",
  boolean: "boolean",
  strings: "list of strings",
  cell: "name of a cell, nor its definition",
};

/** The words of a message about a definition. */
const wrong = (place: string, message: string): KernelgenError =>
  new KernelgenError("invalid-config", `${place}: ${message}`);

function checkDefinition(value: unknown, place: string): KernelDefinition {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw wrong(place, "is no object");
  const definition = value as Record<string, unknown>;
  for (const [field, content] of Object.entries(definition)) {
    if (!Object.hasOwn(fields, field)) {
      throw wrong(place, `unknown field "${field}"; fields: ${Object.keys(fields).join(", ")}`);
    }
    const kind = fields[field as keyof KernelDefinition];
    if (content !== undefined && !isOfKind(content, kind)) {
      throw wrong(place, `${field}: ${JSON.stringify(content)} is no ${kindText[kind]}`);
    }
  }
  for (const required of ["name", "cell", "headDim"]) {
    if (definition[required] === undefined) throw wrong(place, `${required} is missing`);
  }
  for (const network of ["layers", "bidirectional"]) {
    if (definition[network] !== undefined && definition.inputDim === undefined) {
      throw wrong(place, `${network} is for a network, which needs inputDim`);
    }
  }
  const checked = definition as unknown as KernelDefinition;
  checkKernelName(checked.name);
  if (checked.devices?.length === 0) throw wrong(place, "devices: the list is empty");
  const twice = checked.devices?.find((device, index, all) => all.indexOf(device) !== index);
  if (twice !== undefined) throw wrong(place, `devices: "${twice}" is listed twice`);
  return checked;
}

/**
 * The definitions of a configuration, checked. Throws `KernelgenError` "invalid-config" or "invalid-name" naming the file, the kernel and the
 * field. Two names that differ in case alone would be the same file on some machines and are refused.
 */
export function checkDefinitions(value: unknown, file: string): readonly KernelDefinition[] {
  if (!Array.isArray(value)) {
    throw wrong(file, "exports no list of kernels; it should end in: export default defineKernels([ … ])");
  }
  const definitions = value.map((definition, index) => checkDefinition(definition, `${file}: kernel ${index + 1}`));
  const seen = new Map<string, string>();
  for (const { name } of definitions) {
    const other = seen.get(name.toLowerCase());
    if (other !== undefined) {
      throw wrong(
        file,
        other === name ? `two kernels are called ${name}` : `${other} and ${name} differ in case alone`,
      );
    }
    seen.set(name.toLowerCase(), name);
  }
  return definitions;
}

/** The definition of a file NAME.kernel.ts, which is called NAME unless it says otherwise. Throws as `checkDefinitions` does. */
export function checkNamedDefinition(value: unknown, file: string): KernelDefinition {
  const name = basename(file).replace(/\.kernel\.[cm]?[jt]s$/, "");
  if (typeof value !== "object" || value === null) {
    throw wrong(file, "exports no kernel; it should end in: export default defineKernel({ … })");
  }
  return checkDefinition({ name, ...value }, file);
}
