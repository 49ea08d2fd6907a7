import { constant, max } from "constrint";
import type { WebGpuDevice } from "hwmodels";
import { type CostTerm, repeated, totalCost } from "../plan/cost-term.js";
import type { KernelFamily, SourceFile } from "../plan/family.js";
import { ceilQuotient, times } from "../plan/integer-expressions.js";
import { kernelName } from "../plan/kernel-name.js";
import type { Plan } from "../plan/plan.js";
import { backwardBuffers } from "./backward-buffers.js";
import { backwardCounts, backwardSource, gateVector, recurrentVectors } from "./backward-source.js";
import { barrierTerm } from "./cost.js";
import { entrySource, headAWorkgroup, unitLanesTogether } from "./entry-source.js";
import { moduleSource } from "./module-source.js";
import { refuseBackward } from "./requirements.js";
import { type ChunkSource, loadStationaryMatrix, matrixPlaces, matrixTileSource, multiply } from "./resident-source.js";
import { publishSums, slotDeclarations, sumDeclarations } from "./slot-source.js";
import { stationaryMatrix } from "./stationary-matrix.js";
import { indented, range } from "./unroll.js";
import { backwardProduct, lanesPerVector, tileWorkgroup, vectorBytes, workgroupBudgets } from "./workgroup-tiling.js";

/**
 * One workgroup for each head and batch tile; the whole time loop inside, from the last step to the first. R lies as in the forward family
 * of that name; du of a step meets the whole workgroup in its memory.
 *
 * @internal
 */
export const residentBackwardFamily: KernelFamily<WebGpuDevice> = {
  name: "resident",
  target: "wgsl",
  refuse: refuseBackward,
  tile(problem, device, model) {
    const { headDim, heads, cell } = problem;
    const outputCount = Math.ceil(headDim / lanesPerVector);
    const product = backwardProduct(problem);
    const tiling = tileWorkgroup(
      problem,
      device,
      model,
      (outputsPerInvocation) => ceilQuotient(outputCount, outputsPerInvocation),
      product,
    );
    const { innerLanes, batchTile, batchBlocks, innerChunks } = tiling;
    const innerPadded = times(innerChunks, innerLanes);
    const gradientVectors = batchTile.times(innerPadded);
    // Of a slot that is computed: states before and after, saved values, and the gradients of gates.
    const pointwiseRegisters = constant(2 * cell.states.length + 2 * cell.gates.length);
    const gradientBytes = gradientVectors.times(vectorBytes);
    const matrix = stationaryMatrix(problem, model, tiling, product, gradientBytes, pointwiseRegisters);
    const blockCount = batchBlocks.times(heads);
    const waves = ceilQuotient(blockCount, device.assumed.computeUnitCount);
    const stepTerms: readonly CostTerm[] = [
      tiling.multiplyTerm,
      ...matrix.readTerms,
      ...tiling.finishTerms,
      barrierTerm(device, constant(2), tiling.invocations),
    ];
    const costTerms = repeated(stepTerms, waves);
    return {
      unknowns: [...tiling.unknowns, ...matrix.unknowns],
      derived: {
        ...tiling.derived,
        innerPadded,
        gradientVectors,
        ...matrix.derived,
        workgroupsX: constant(heads),
        workgroupsY: batchBlocks,
        workgroupsZ: constant(1),
        dispatchCount: constant(1),
      },
      launch: { blockCount, threadsPerBlock: tiling.invocations, sharedBytesPerBlock: matrix.workgroupBytes },
      budgets: workgroupBudgets(device, tiling.invocations, {
        workgroupBytes: matrix.workgroupBytes,
        registers: matrix.registers,
        largestDispatchDimension: max([heads, batchBlocks]),
      }),
      costTerms,
      cost: totalCost(costTerms),
    };
  },
  emit: emitResidentBackward,
};

/** Finishes an own slot of a step: its gradients to storage, du to the whole workgroup, and the adjoints for the step before. */
function finishSlot(plan: Plan, o: number): string[] {
  const output = plan.problem.cell.states[0]!.name;
  const vectors = range(recurrentVectors(plan.problem));
  return [
    `if (slot_${o}.exists) {`,
    `  adjoints_${o}.${output} += add_partial_sums(slot_${o});`,
    "  if (remaining > 0u) {",
    "    let step = remaining - 1u;",
    `    let gradient = slot_backward(slot_${o}, step, adjoints_${o});`,
    `    write_gate_gradients(slot_${o}, step, gradient.gates);`,
    ...vectors.map(
      (v) =>
        `    gradient_tile[slot_${o}.tile_sequence * INNER_PADDED + slot_${o}.tile_unit * GATE_VECTORS + ${v}u] = ${gateVector(plan.problem, v, (g) => `gradient.gates[${g}]`)};`,
    ),
    `    adjoints_${o} = gradient.previous;`,
    "  }",
    "}",
  ];
}

/** R transposed times du of the tile. */
const backwardChunks: ChunkSource = {
  matrix: (p, _, chunk) => `load_matrix(head, first_unit + ${p}u * UNIT_LANES + unit_lane, ${chunk})`,
  operand: (s, chunk) => `gradient_chunk(${s}u, ${chunk})`,
};

function emitResidentBackward(plan: Plan, name?: string): readonly [SourceFile] {
  const { problem } = plan;
  const counts = backwardCounts(plan);
  const places = matrixPlaces(plan);
  const slots = range(counts.ownSlots);
  const states = problem.cell.states;
  const initialise = slots.flatMap((o) => [
    `var adjoints_${o}: States;`,
    `if (slot_${o}.exists) {`,
    `  adjoints_${o} = States(${states.map((_, s) => `state_gradients[state_index(slot_${o}, ${s}u)]`).join(", ")});`,
    "}",
  ]);
  const writeStates = slots.flatMap((o) => [
    `if (slot_${o}.exists) {`,
    ...states.map((state, s) => `  state_gradients[state_index(slot_${o}, ${s}u)] = adjoints_${o}.${state.name};`),
    "}",
  ]);
  const body = `${backwardSource(plan)}

// du of the step after: [BATCH_TILE][INNER_PADDED], zero before the first.
var<workgroup> gradient_tile: array<vec4f, GRADIENT_VECTORS>;

fn gradient_chunk(tile_sequence: u32, chunk: u32) -> vec4f {
  return gradient_tile[tile_sequence * INNER_PADDED + chunk];
}${places.inWorkgroup > 0 ? matrixTileSource(problem) : ""}

// A workgroup computes all steps of one head for BATCH_TILE sequences, from the last to the first.
${entrySource(backwardEntryPoint(plan), counts, headAWorkgroup, unitLanesTogether(counts))}

  // R, for all steps.
${indented(loadStationaryMatrix(counts, places, backwardChunks), 1)}

  // Own slots, and what the gradients of the last states give them.
${indented([...slotDeclarations(counts), ...initialise], 1)}

  // Once more than there are steps: after the first step, its du meets the initial states.
  for (var round = 0u; round <= run.steps; round++) {
    let remaining = run.steps - round;

    // R transposed times du of the step after, over this lane's part of the inner dimension.
${indented([...sumDeclarations(counts), ...multiply(counts, places, backwardChunks)], 2)}

    // Own slots: the gradients of a step.
${indented([...publishSums(counts), ...slots.flatMap((o) => finishSlot(plan, o))], 2)}
    workgroupBarrier();
  }

  // The gradients of the initial states.
${indented(writeStates, 1)}
}`;
  const text = moduleSource(plan, body, "Backward pass", backwardBuffers(problem));
  return [{ name: `${kernelName(problem, name)}.wgsl`, text }];
}

export const backwardEntryPoint = ({ problem }: Plan): string => `${problem.cell.name}_backward`;
