import type { CudaDevice } from "hwmodels";
import type { Plan } from "../../plan/plan.js";
import type { Problem } from "../../plan/problem.js";
import { solveFamily } from "../../plan/solve.js";
import { kernelTensors, type Tensor } from "../../plan/tensors.js";
import { type KernelSet, type SetKernel, setProblem, useWord } from "../kernel-set.js";
import { emitStepwise } from "../stepwise/emit.js";
import { stepwiseCudaFamily } from "../stepwise/stepwise.js";
import { cType } from "../tensor-parameters.js";

/** The sizes that kernels for any sizes are tiled for: a large head, whose tiles serve small ones as well, and few sequences, more, and many. */
const tiledFor = { headDim: 2048, heads: 1, batches: [16, 64, 256] } as const;
/**
 * Warps and chunks in flight of 16-bit kernels for few sequences, with the rest of the tile as it is solved: faster at each of eleven sizes from 96×8 to
 * 4096×1 than those that are predicted to be the fastest at the one that the tile is for (bench/results, "Stepwise").
 */
const fewSequences = {
  batch: 16,
  forward: { warpCount: 8, chunksInFlight: 4 },
  backward: { warpCount: 16, chunksInFlight: 4 },
} as const;

/**
 * Stepwise kernels whose batch, heads and units of a head are arguments of the launch, for the sizes that no kernel of a set is for: of every
 * device, cell, type and use of the set, tiled for few sequences, for more, and for many, which share the chunks of R that warps read.
 */
export function anySizeKernels({ kernels }: KernelSet): readonly SetKernel[] {
  const found = new Map<string, SetKernel>();
  for (const { device, use, plan } of kernels) {
    const { cell, dataType, tf32 } = plan.problem;
    for (const batch of tiledFor.batches) {
      const type = tf32 ? "tf32" : dataType;
      const word = useWord(use);
      const givenName = `${cell.name}_any_b${batch}_${type}_${word}`;
      const key = `${device.id} ${givenName}`;
      if (found.has(key)) continue;
      const { headDim, heads } = tiledFor;
      const problem = setProblem({ ...plan.problem, headDim, heads, batch }, use);
      const tile = anySizePlan(problem, device);
      // Where the device has no instructions for the type, no kernel of the set has it either.
      if (tile === undefined) continue;
      const { name, text } = emitStepwise(tile, givenName, true);
      found.set(key, {
        name: name.replace(/\.cu$/, ""),
        use,
        plan: tile,
        device,
        source: withAnySizeLaunch(name.replace(/\.cu$/, ""), text, kernelTensors(problem), problem.pass),
        tensors: kernelTensors(problem),
      });
    }
  }
  return [...found.values()];
}

/** The plan whose tile serves any sizes; undefined if the device has none. */
function anySizePlan(problem: Problem, device: CudaDevice): Plan | undefined {
  const { plan } = solveFamily(problem, device, stepwiseCudaFamily);
  if (plan === undefined || problem.batch !== fewSequences.batch || problem.dataType === "fp32") return plan;
  const pins = { ...plan.parameters, ...fewSequences[problem.pass] };
  return solveFamily(problem, device, stepwiseCudaFamily, pins).plan ?? plan;
}

/**
 * The source with C functions at its end:
 *
 *     const char* NAME_launch(void* stream, void* const* tensors, void* scratch, const int* sizes)   null, or why the launch was refused
 *     int64_t NAME_scratch_bytes(const int* sizes)
 *     const char* NAME_plan(void)                                                                    the hash of the tile's plan
 *
 * `sizes` are batch, heads, units of a head and steps.
 */
function withAnySizeLaunch(name: string, text: string, tensors: readonly Tensor[], pass: string): string {
  const pointers = tensors.map((tensor, index) => {
    const element = cType(tensor, `${name}::Element`);
    return `static_cast<${tensor.role === "input" ? "const " : ""}${element}*>(tensors[${index}])`;
  });
  const given = ["static_cast<kernelgen::Stream>(stream)", ...pointers, "scratch"];
  return `${text}
#define KERNELGEN_C_INTERFACE extern "C" __attribute__((visibility("default")))

KERNELGEN_C_INTERFACE const char* ${name}_launch(void* stream, void* const* tensors, void* scratch, const int* sizes) {
  static thread_local std::string error;
  error = ${name}::launch_${pass}(${given.join(", ")}, sizes[0], sizes[1], sizes[2], sizes[3]);
  return error.empty() ? nullptr : error.c_str();
}

KERNELGEN_C_INTERFACE int64_t ${name}_scratch_bytes(const int* sizes) { return ${name}::scratch_bytes(sizes[0], sizes[1], sizes[2]); }

KERNELGEN_C_INTERFACE const char* ${name}_plan() { return ${name}::PLAN_HASH; }
`;
}
