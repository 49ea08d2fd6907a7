import type { Plan } from "../plan/plan.js";
import { elementType } from "./module-source.js";
import { cellStep, indexed, type SlotCounts, writeFinalStates, writeStep } from "./slot-source.js";
import { writesFinalStates } from "./storage-buffers.js";
import { indented, range } from "./unroll.js";

/** Where the own slots of a kernel that computes all steps get their sums from, and where their h goes, in WGSL. */
export interface SlotSteps {
  /** R h of own slot o, the gate vector v. */
  sums(o: number, v: number): string;
  /** Keeps the initial h of a slot for the first step's product; left out where that reads it from its tensor. */
  keepInitial?(slot: string, value: string): string;
  /** Keeps h of this step for the next one's product. */
  keep(slot: string, value: string): string;
}

/** h as it is multiplied: in fp16, rounded as it is stored. */
export function multiplied(plan: Plan, value: string): string {
  const { load, store } = elementType(plan.problem.dataType);
  return load(store(value));
}

/** Lines that declare the states of all own slots and the inputs of their first step. */
export function initialiseSlots(plan: Plan, counts: SlotCounts, { keepInitial }: SlotSteps): string[] {
  const names = plan.problem.cell.states.map(({ name }) => name);
  const vectors = range(counts.gateVectors);
  return range(counts.ownSlots).flatMap((o) => [
    `var states_${o}: States;`,
    ...vectors.map((v) => `var ${indexed(counts, "inputs", o, v)} = vec4f();`),
    `if (slot_${o}.exists) {`,
    `  states_${o} = States(${names.map((_, s) => `initial_state(slot_${o}, ${s}u)`).join(", ")});`,
    ...(keepInitial === undefined ? [] : [`  ${keepInitial(`slot_${o}`, `states_${o}.${names[0]}`)}`]),
    ...vectors.map(
      (v) => `  ${indexed(counts, "inputs", o, v)} = ${indexed(counts, "load_inputs", v)}(slot_${o}, 0u);`,
    ),
    "}",
  ]);
}

/** Lines that load the inputs of the next step; after the last step the last inputs again, which nothing uses. */
export function prefetch(counts: SlotCounts): string[] {
  const vectors = range(counts.gateVectors);
  return range(counts.ownSlots).flatMap((o) => [
    ...vectors.map((v) => `var ${indexed(counts, "next_inputs", o, v)} = vec4f();`),
    `if (slot_${o}.exists) {`,
    ...vectors.map(
      (v) => `  ${indexed(counts, "next_inputs", o, v)} = ${indexed(counts, "load_inputs", v)}(slot_${o}, next_step);`,
    ),
    "}",
  ]);
}

/** Lines that finish a step of all own slots: cell, states, h for the next step, outputs. */
export function finishSlots(plan: Plan, counts: SlotCounts, { sums, keep }: SlotSteps): string[] {
  const [output] = plan.problem.cell.states;
  const vectors = range(counts.gateVectors);
  return range(counts.ownSlots).flatMap((o) => {
    const inputs = vectors.map((v) => `${indexed(counts, "inputs", o, v)} + ${sums(o, v)}`);
    const { before, call } = cellStep(plan, inputs, `states_${o}`);
    return [
      `if (slot_${o}.exists) {`,
      ...[
        ...before,
        `states_${o} = ${call};`,
        keep(`slot_${o}`, `states_${o}.${output!.name}`),
        ...writeStep(plan, `slot_${o}`, "step", `states_${o}`),
      ].map((line) => `  ${line}`),
      "}",
      ...vectors.map((v) => `${indexed(counts, "inputs", o, v)} = ${indexed(counts, "next_inputs", o, v)};`),
    ];
  });
}

/** The states after the last step, where they are kept. */
export function finalStates(plan: Plan, counts: SlotCounts): string {
  if (!writesFinalStates(plan.problem)) return "";
  const lines = range(counts.ownSlots).flatMap((o) => [
    `if (slot_${o}.exists) {`,
    ...writeFinalStates(plan, `slot_${o}`, `states_${o}`).map((line) => `  ${line}`),
    "}",
  ]);
  return `\n\n  // States after the last step.\n${indented(lines, 1)}`;
}
