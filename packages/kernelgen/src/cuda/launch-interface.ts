import type { SetKernel } from "./kernel-set.js";
import { cType } from "./tensor-parameters.js";

const launchParameters = "void* stream, void* const* tensors, void* scratch, const int* sizes";

/** C++ that launches a kernel with pointers from the array `tensors`, `scratch` and `steps`; a `std::string`. */
export function launchCall({ name, plan, tensors }: SetKernel, stream: string): string {
  const pointers = tensors.map((tensor, index) => {
    const element = cType(tensor, `${name}::Element`);
    return `static_cast<${tensor.role === "input" ? "const " : ""}${element}*>(tensors[${index}])`;
  });
  return `${name}::launch_${plan.problem.pass}(${[stream, ...pointers, "scratch", "steps"].join(", ")})`;
}

/**
 * A kernel's source with C functions at its end, for callers that load a library at run time:
 *
 *     const char* NAME_launch(void* stream, void* const* tensors, void* scratch, const int* sizes)   null, or why the launch was refused
 *     int64_t NAME_scratch_bytes(const int* sizes)
 *     const char* NAME_plan(void)                                                                    the plan's hash
 *
 * `tensors` are device pointers in the order of the manifest; `sizes` are batch, heads, units of a head and steps, of which a planned kernel has
 * all but the steps. The text of a refusal belongs to the calling thread until its next launch.
 */
export function withLaunchInterface(kernel: SetKernel): string {
  const { name, source } = kernel;
  return `${source}
#define KERNELGEN_C_INTERFACE extern "C" __attribute__((visibility("default")))

KERNELGEN_C_INTERFACE const char* ${name}_launch(${launchParameters}) {
  const int steps = sizes[3];
  static thread_local std::string error;
  error = ${launchCall(kernel, "static_cast<kernelgen::Stream>(stream)")};
  return error.empty() ? nullptr : error.c_str();
}

KERNELGEN_C_INTERFACE int64_t ${name}_scratch_bytes(const int*) { return ${name}::SCRATCH_BYTES; }

KERNELGEN_C_INTERFACE const char* ${name}_plan() { return ${name}::PLAN_HASH; }
`;
}
