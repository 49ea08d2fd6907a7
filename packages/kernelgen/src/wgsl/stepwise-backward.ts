import { constant, max } from "constrint";
import type { WebGpuDevice } from "hwmodels";
import { type CostTerm, repeated, totalCost } from "../plan/cost-term.js";
import { dataTypeBytes } from "../plan/data-type.js";
import type { KernelFamily, SourceFile } from "../plan/family.js";
import { ceilQuotient, plus, times } from "../plan/integer-expressions.js";
import { kernelName } from "../plan/kernel-name.js";
import type { Plan } from "../plan/plan.js";
import { backwardBuffers } from "./backward-buffers.js";
import { backwardCounts, backwardSource, gateVector, recurrentVectors } from "./backward-source.js";
import { barrierTerm } from "./cost.js";
import { entrySource, unitLanesTogether, unitTileAWorkgroup } from "./entry-source.js";
import { moduleSource } from "./module-source.js";
import { refuseBackward } from "./requirements.js";
import { backwardEntryPoint } from "./resident-backward.js";
import { multiplyChunk, publishSums, type SlotCounts, slotDeclarations, sumDeclarations } from "./slot-source.js";
import { indented, range } from "./unroll.js";
import {
  backwardProduct,
  invocationRegisters,
  lanesPerVector,
  matrixRegisters,
  powersOfTwo,
  tileWorkgroup,
  vectorBytes,
  workgroupBudgets,
} from "./workgroup-tiling.js";

/**
 * One dispatch for each step from the last to the first, and one more for the initial states; a workgroup for each tile of units of a head
 * and each tile of sequences. du travels from step to step through its tensor.
 *
 * @internal
 */
export const stepwiseBackwardFamily: KernelFamily<WebGpuDevice> = {
  name: "stepwise",
  target: "wgsl",
  refuse: refuseBackward,
  tile(problem, device, model) {
    const { headDim, heads, steps, cell } = problem;
    const outputCount = Math.ceil(headDim / lanesPerVector);
    const tiling = tileWorkgroup(
      problem,
      device,
      model,
      () => model.int("unitLanes", powersOfTwo(device.limits.maxComputeInvocationsPerWorkgroup)),
      backwardProduct(problem),
    );
    const { unitsPerInvocation, unitLanes, batchTile, batchBlocks, innerChunks, costs } = tiling;
    const outputTile = times(unitsPerInvocation, unitLanes);
    const unitBlocks = ceilQuotient(outputCount, outputTile);
    model.add(outputTile.lt(2 * outputCount), "no more lanes than twice the outputs");

    // R and du of a chunk are done with when the slots are finished.
    const chunkRegisters = times(unitsPerInvocation, matrixRegisters).plus(lanesPerVector);
    const pointwiseRegisters = 2 * cell.states.length + 2 * cell.gates.length;
    const registers = invocationRegisters(tiling, max([chunkRegisters, constant(pointwiseRegisters)]));
    const blockCount = times(unitBlocks, batchBlocks, heads);
    const waves = ceilQuotient(blockCount, device.assumed.computeUnitCount);
    const matrixBytesPerChunk = times(
      tiling.invocations,
      unitsPerInvocation,
      lanesPerVector * lanesPerVector * dataTypeBytes[problem.dataType],
    );
    const gradientReaders = device.assumed.subgroupsTakeTurns ? tiling.invocations : tiling.innerLanes;
    const gradientBytesPerChunk = times(gradientReaders, batchTile, vectorBytes);
    const blockTerms: readonly CostTerm[] = [
      tiling.multiplyTerm,
      {
        name: "storage",
        amount: times(innerChunks, plus(matrixBytesPerChunk, gradientBytesPerChunk)),
        price: costs.storageByte,
      },
      { name: "storage", amount: innerChunks.plus(1), price: costs.storageLatency },
      ...tiling.finishTerms,
      barrierTerm(device, constant(1), tiling.invocations),
    ];
    const dispatchTerm: CostTerm = { name: "dispatch", amount: constant(1), price: costs.dispatch };
    const costTerms = [...repeated(blockTerms, waves), dispatchTerm];
    return {
      unknowns: tiling.unknowns,
      derived: {
        ...tiling.derived,
        unitBlocks,
        workgroupsX: unitBlocks,
        workgroupsY: batchBlocks,
        workgroupsZ: constant(heads),
        dispatchCount: constant(steps + 1),
      },
      launch: { blockCount, threadsPerBlock: tiling.invocations, sharedBytesPerBlock: tiling.partialBytes },
      budgets: workgroupBudgets(device, tiling.invocations, {
        workgroupBytes: tiling.partialBytes,
        registers,
        largestDispatchDimension: max([unitBlocks, batchBlocks, heads]),
      }),
      costTerms,
      cost: totalCost(costTerms),
    };
  },
  emit: emitStepwiseBackward,
};

/** WGSL that reads du of the step after this dispatch's, as R counts gates. */
function gradientChunkSource(plan: Plan): string {
  const { problem } = plan;
  const vectors = recurrentVectors(problem);
  const values = range(vectors).map((v) =>
    gateVector(problem, v, (g) => `d_u[(row + ${g}u) * LAYER_DIM + head * HEAD_DIM + unit]`),
  );
  const chosen =
    vectors === 1
      ? `  return ${values[0]};`
      : [
          ...range(vectors - 1).map((v) => `  if (chunk % GATE_VECTORS == ${v}u) { return ${values[v]}; }`),
          `  return ${values.at(-1)};`,
        ].join("\n");
  return `// du of the step after this one, four gates of a unit of a sequence. Beyond the head or the batch, where R's zeros or nobody's sums
// meet it, it is the last one's.
fn gradient_chunk(head: u32, sequence: u32, chunk: u32) -> vec4f {
  let unit = min(chunk / GATE_VECTORS, HEAD_DIM - 1u);
  let row = (min(sequence, BATCH - 1u) * run.steps + time_of(min(run.steps - run.step, run.steps - 1u))) * GATE_COUNT;
${chosen}
}`;
}

function multiply(counts: SlotCounts): string[] {
  const outputs = range(counts.unitsPerInvocation);
  const sequences = range(counts.batchTile);
  return [
    "// Nothing comes after the last step.",
    "if (run.step > 0u) {",
    "  for (var i = 0u; i < INNER_CHUNKS; i++) {",
    "    let chunk = i * INNER_LANES + inner_lane;",
    ...[
      ...outputs.map(
        (p) => `let matrix_${p} = load_matrix(head, first_output + ${p}u * UNIT_LANES + unit_lane, chunk);`,
      ),
      ...sequences.map((s) => `let state_${s} = gradient_chunk(head, first_sequence + ${s}u, chunk);`),
      ...multiplyChunk(counts, (p) => `matrix_${p}`),
    ].map((line) => `    ${line}`),
    "  }",
    "}",
  ];
}

/** Finishes an own slot: its gradients of a step, or after the first step those of the initial states. */
function finishSlot(plan: Plan, o: number): string[] {
  const slot = `slot_${o}`;
  const { states } = plan.problem.cell;
  const output = states[0]!.name;
  return [
    `if (${slot}.exists) {`,
    `  var adjoints = States(${states.map((_, s) => `state_gradients[state_index(${slot}, ${s}u)]`).join(", ")});`,
    `  adjoints.${output} += add_partial_sums(${slot});`,
    "  if (run.step < run.steps) {",
    "    let step = run.steps - 1u - run.step;",
    `    let gradient = slot_backward(${slot}, step, adjoints);`,
    `    write_gate_gradients(${slot}, step, gradient.gates);`,
    "    adjoints = gradient.previous;",
    "  }",
    ...states.map((state, s) => `  state_gradients[state_index(${slot}, ${s}u)] = adjoints.${state.name};`),
    "}",
  ];
}

function emitStepwiseBackward(plan: Plan, name?: string): readonly [SourceFile] {
  const { problem } = plan;
  const counts = backwardCounts(plan);
  const body = `${backwardSource(plan)}

${gradientChunkSource(plan)}

// A workgroup computes one step of UNIT_TILE units of a head for BATCH_TILE sequences; steps are counted from the last one.
${entrySource(backwardEntryPoint(plan), counts, unitTileAWorkgroup, unitLanesTogether(counts))}
  let first_output = first_unit / 4u;

  // R transposed times du of the step after, over this lane's part of the inner dimension.
${indented([...sumDeclarations(counts), ...multiply(counts)], 1)}

  // Own slots: the gradients of this step.
${indented([...slotDeclarations(counts), ...publishSums(counts), ...range(counts.ownSlots).flatMap((o) => finishSlot(plan, o))], 1)}
}`;
  const text = moduleSource(plan, body, "Backward pass", backwardBuffers(problem));
  return [{ name: `${kernelName(problem, name)}.wgsl`, text }];
}
