// The scans in WGSL on this machine's WebGPU device: errors against float64, the tilings at T = 4096, and the chosen ones at every T.
//
//   node bench/dist/scan/wgsl.js [SECONDS]      one JSON object a line; begins no measurement after so many seconds (100)
//
// Inputs are random, as `randomInputs` draws them: 256 steps of them again and again. Milliseconds on the GPU, at the clocks it has under load.
import {
  createForward,
  defineProblem,
  familiesFor,
  type Pins,
  type Problem,
  type ProblemOptions,
  randomInputs,
  solvePlan,
  verifyForward,
  type WebGpuForward,
} from "kernelgen";
import { experimentalDawnOptions, openNodeDevice } from "kernelgen/node";

const secondsAllowed = Number(process.argv[2] ?? 100);
/** Steps of random inputs that are drawn; every T is a multiple. */
const drawnSteps = 256;
/** Runs of a large kernel that are queued ahead of each timed run, so that its clocks are those under load: about 20 ms of an H200. */
const runsAhead = 100;
/** A measurement is repeated until two agree so well, or so often. */
const agreement = 0.02;
const mostRounds = 8;

const cases = [
  ["mingru", "fp32"],
  ["mingru", "fp16"],
  ["minlstm", "fp32"],
  ["minlstm", "fp16"],
  ["linear", "fp32"],
] as const;

// With what is experimental, since Dawn has fp16 on NVIDIA GPUs only so.
const { device, description, close } = await openNodeDevice(experimentalDawnOptions);
/** Buffers by label, the newest of each: so that random inputs are copied on the GPU. */
const buffers = new Map<string, GPUBuffer>();
const createBuffer = device.createBuffer.bind(device);
device.createBuffer = (descriptor) => {
  const buffer = createBuffer(descriptor);
  buffers.set(descriptor.label ?? "", buffer);
  return buffer;
};
const report = (line: Record<string, unknown>): void => console.log(JSON.stringify(line));
report({ adapter: description.name, features: description.features, limits: description.limits });

async function prepared(problem: Problem, pins: Pins = {}) {
  const { plan, family } = solvePlan(problem, description, familiesFor(description, problem), pins);
  return { plan, forward: await createForward(device, plan, family.emit(plan)[0]!.text) };
}

/** Fills `wx` of a kernel, whose buffer was the last made, with random numbers. */
async function fill(problem: Problem): Promise<void> {
  const whole = buffers.get("wx")!;
  const few = { ...problem, batch: 1, steps: drawnSteps };
  const { forward } = await prepared(few);
  forward.write("wx", Float32Array.from(randomInputs(few, 1).wx!));
  const drawn = buffers.get("wx")!;
  const encoder = device.createCommandEncoder();
  for (let offset = 0; offset < whole.size; offset += drawn.size) {
    encoder.copyBufferToBuffer(drawn, 0, whole, offset, drawn.size);
  }
  device.queue.submit([encoder.finish()]);
  await device.queue.onSubmittedWorkDone();
  forward.destroy();
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!;

/** What keeps the GPU at work. */
const { forward: large } = await prepared(
  defineProblem({ cell: "mingru", dataType: "fp32", headDim: 1536, batch: 8, steps: 4096 }),
);
await Promise.all(Array.from({ length: 10 * runsAhead }, () => large.run()));

/** Milliseconds of a run, behind runs that do not wait for the host. */
async function measured(forward: WebGpuForward, steps: number): Promise<number> {
  const once = async (): Promise<number> => {
    const ahead = Array.from({ length: runsAhead }, () => large.run());
    const { microsecondsPerStep } = await forward.time(1);
    await Promise.all(ahead);
    return (microsecondsPerStep * steps) / 1000;
  };
  let last = await once();
  for (let round = 0; round < mostRounds; round++) {
    const now = median([await once(), await once(), await once()]);
    const isSteady = Math.abs(now / last - 1) < agreement;
    last = now;
    if (isSteady) break;
  }
  return last;
}

async function time(what: string, options: ProblemOptions, pins: Pins = {}): Promise<void> {
  if (performance.now() > 1000 * secondsAllowed) return;
  const problem = defineProblem(options);
  const row = { what, cell: options.cell, dataType: options.dataType, batch: options.batch, steps: options.steps };
  try {
    const { plan, forward } = await prepared(problem, pins);
    await fill(problem);
    const milliseconds = await measured(forward, problem.steps);
    report({
      ...row,
      channels: problem.headDim,
      milliseconds,
      tile: plan.parameters,
      dispatches: plan.derived.dispatchCount,
    });
    forward.destroy();
  } catch (error) {
    report({ ...row, failed: error instanceof Error ? error.message : String(error) });
  }
}

for (const [cell, dataType] of cases) {
  for (const sizes of [
    { headDim: 37, batch: 3, steps: 700 },
    { headDim: 16, batch: 1, steps: 65_536 },
  ]) {
    const problem = defineProblem({ cell, dataType, ...sizes });
    const { forward } = await prepared(problem);
    report({ what: "errors", cell, dataType, ...sizes, errors: await verifyForward(forward, problem, 7) });
    forward.destroy();
  }
}
const wide = { headDim: 1536, batch: 8 };
for (const steps of [256, 1024, 4096, 16_384]) {
  for (const [cell, dataType] of cases) await time("chosen", { cell, dataType, ...wide, steps });
}
// As many numbers as at 8 times 8192 steps, which a buffer holds.
for (const [cell, dataType] of cases) await time("chosen", { cell, dataType, headDim: 1536, batch: 1, steps: 65_536 });
for (const steps of [256, 1024, 4096, 16_384, 65_536]) {
  for (const cell of ["mingru", "minlstm"])
    await time("chosen", { cell, dataType: "fp32", headDim: 64, batch: 1, steps });
}
// Sequences in one chunk and in several.
for (const sizes of [
  { headDim: 1536, batch: 1, steps: 65_536 },
  { headDim: 1536, batch: 1, steps: 4096 },
  { headDim: 1536, batch: 8, steps: 4096 },
  { headDim: 1536, batch: 8, steps: 256 },
  { headDim: 256, batch: 4, steps: 4096 },
  { headDim: 64, batch: 1, steps: 65_536 },
  { headDim: 64, batch: 1, steps: 4096 },
  { headDim: 64, batch: 1, steps: 1024 },
]) {
  for (const [channelLanes, timeLanes] of [
    [16, 16],
    [8, 32],
    [4, 32],
  ] as const) {
    const tileSteps = 8 * timeLanes;
    for (const chunks of [1, 2, 4, 8, 16, 64].filter((count) => count * tileSteps <= sizes.steps)) {
      const tiling = { channelsPerInvocation: 2, channelLanes, timeLanes, stepsPerInvocation: 8, shuffleLanes: 32 };
      const tilesPerChunk = sizes.steps / (chunks * tileSteps);
      await time("chunks", { cell: "mingru", dataType: "fp32", ...sizes }, { ...tiling, tilesPerChunk });
    }
  }
}
const tilings = [
  { channelsPerInvocation: 1, channelLanes: 32, timeLanes: 8, stepsPerInvocation: 8, shuffleLanes: 1 },
  { channelsPerInvocation: 2, channelLanes: 16, timeLanes: 16, stepsPerInvocation: 8, shuffleLanes: 1 },
  { channelsPerInvocation: 2, channelLanes: 16, timeLanes: 16, stepsPerInvocation: 8, shuffleLanes: 32 },
  { channelsPerInvocation: 2, channelLanes: 32, timeLanes: 8, stepsPerInvocation: 8, shuffleLanes: 1 },
  { channelsPerInvocation: 2, channelLanes: 16, timeLanes: 16, stepsPerInvocation: 4, shuffleLanes: 32 },
];
for (const tiling of tilings) {
  for (const [cell, dataType] of cases) await time("tiling", { cell, dataType, ...wide, steps: 4096 }, tiling);
}
await close();
