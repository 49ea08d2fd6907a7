import { kernelName } from "../plan/kernel-name.js";
import type { Plan } from "../plan/plan.js";
import type { Problem } from "../plan/problem.js";
import { headerComment, planConstants } from "../plan/source-text.js";
import type { Tensor } from "../plan/tensors.js";
import { type StorageBuffer, storageBuffers } from "./storage-buffers.js";

/** The kernel's entry point. A module has one kernel, so it needs no name of the user's. */
export const entryPoint = (problem: Problem): string => kernelName(problem);

/** True if R can be read as vectors of four inner indices. */
export const hasAlignedRows = (problem: Problem): boolean => problem.headDim % 4 === 0;

/** How WGSL writes the type of a stored element, and converts from it and to it. */
export interface ElementType {
  readonly scalar: string;
  readonly vector: string;
  /** The value of a stored element as f32. */
  load(expression: string): string;
  /** The same of a stored vector of four. */
  loadVector(expression: string): string;
  store(expression: string): string;
}

const elementTypes = {
  fp32: {
    scalar: "f32",
    vector: "vec4f",
    load: (expression) => expression,
    loadVector: (expression) => expression,
    store: (expression) => expression,
  },
  fp16: {
    scalar: "f16",
    vector: "vec4h",
    load: (expression) => `f32(${expression})`,
    loadVector: (expression) => `vec4f(${expression})`,
    store: (expression) => `f16(${expression})`,
  },
} as const satisfies Record<string, ElementType>;

/** The WGSL type of a tensor's elements. There is none for bf16, which no WGSL kernel is planned for. */
export const elementType = (type: Tensor["type"]): ElementType => elementTypes[type === "fp16" ? "fp16" : "fp32"];

/** Dimensions that a module is not told when it is written: steps, and what follows from them. */
const dimensionsAtRunTime: readonly string[] = ["T", "chunks"];

/**
 * The elements of a buffer, where they are known when the module is written. A compiler holds an index in bounds by an array's length: a known one
 * is a constant, the length of an array without one is found by a division of the buffer's size, at every access.
 */
function elementCount({ dimensions, shape }: StorageBuffer, vectorElements: number): number | undefined {
  if (dimensions.split(",").some((dimension) => dimensionsAtRunTime.includes(dimension))) return undefined;
  return shape.reduce((product, extent) => product * extent, 1) / vectorElements;
}

function binding({ problem, family }: Plan, buffer: StorageBuffer, index: number): string {
  const { name, role, dimensions, tensors, vectorElements = 1 } = buffer;
  const access = role === "input" ? "read" : "read_write";
  const { vector, scalar } = elementType(tensors[0]!.type);
  // Subgroup matrices are loaded from arrays of scalars.
  const hasMatrices = family === "subgroup-matrix";
  const isRead4 = name === "recurrent" && hasAlignedRows(problem) && !hasMatrices;
  const single = isRead4 ? vector : scalar;
  const element = vectorElements > 1 ? `vec${vectorElements}<${scalar}>` : single;
  const count = hasMatrices ? undefined : elementCount(buffer, isRead4 ? 4 : vectorElements);
  const type = count === undefined ? `array<${element}>` : `array<${element}, ${count}>`;
  return `@group(0) @binding(${index}) var<storage, ${access}> ${name}: ${type};  // [${dimensions}]`;
}

/** The uniform of a recurrence; its fields are `runFields`. */
export const runStruct = `struct Run {
  // Steps of every sequence.
  steps: u32,
  // The step of this dispatch, where a dispatch computes one. Steps are counted in the order in which they are computed.
  step: u32,
  // 1 where sequences are walked from their ends to their beginnings, else 0.
  reversed: u32,
  // Units of a step in the output: more than LAYER_DIM where two directions share it; and the first of this one's.
  output_stride: u32,
  output_offset: u32,
}`;

/** The bindings of a kernel: the problem's storage buffers in their order, then the uniform `run`. */
function bindingsSource(plan: Plan, buffers: readonly StorageBuffer[]): string {
  return `// Tensors, dense, last dimension contiguous.
${buffers.map((buffer, index) => binding(plan, buffer, index)).join("\n")}

${runStruct}
@group(0) @binding(${buffers.length}) var<uniform> run: Run;`;
}

/** The WGSL extensions that a plan's source uses, and what the compiler is not to check. */
function directives({ problem, parameters, family }: Plan): string {
  const hasMatrices = family === "subgroup-matrix";
  const names = [
    ...(problem.dataType === "fp16" ? ["f16"] : []),
    ...((parameters.shuffleLanes ?? 1) > 1 || hasMatrices ? ["subgroups"] : []),
    ...(hasMatrices ? ["chromium_experimental_subgroup_matrix"] : []),
  ];
  const enabled = names.length > 0 ? `enable ${names.join(", ")};\n` : "";
  // WGSL can tell what is uniform in a workgroup; what depends on the subgroup's own number is uniform in it all the same.
  return hasMatrices ? `${enabled}diagnostic(off, chromium.subgroup_matrix_uniformity);\n` : enabled;
}

/** A whole module: header, constants, bindings, and the body whose constants come from the plan. */
export function moduleSource(
  plan: Plan,
  body: string,
  what = "Forward pass",
  buffers: readonly StorageBuffer[] = storageBuffers(plan.problem),
): string {
  return `${headerComment(plan, `${what} of a recurrent layer, family ${plan.family}`)}
${directives(plan)}
${planConstants(plan, body, (name, value) => `const ${name} = ${value}u;`)}

${bindingsSource(plan, buffers)}

${body}
`;
}
