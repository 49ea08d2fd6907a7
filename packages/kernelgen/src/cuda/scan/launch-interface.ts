import type { Plan } from "../../plan/plan.js";
import { scanTensors } from "../../plan/scan-tensors.js";

/**
 * A scan's source with C functions at its end, for callers that load a library at run time:
 *
 *     const char* NAME_launch(void* stream, void* const* tensors, const int* lengths, void* scratch, int batch, int steps)
 *     const char* NAME_prepare_scratch(void* stream, void* scratch, int batch, int steps)
 *     int64_t NAME_scratch_bytes(int batch, int steps)
 *     const char* NAME_plan(void)                                        the plan's hash
 *
 * The first two return null, or why the launch was refused; the text belongs to the calling thread until its next call. `tensors` are
 * device pointers in the order of `scanTensors`; `lengths` [B], the state that enters and the state that leaves may be null.
 *
 * @param name the namespace of the source
 */
export function withScanLaunchInterface({ problem }: Plan, name: string, source: string): string {
  const pointers = scanTensors(problem).map(({ role, type }, index) => {
    const element = type === "fp32" ? "float" : `${name}::Element`;
    return `static_cast<${role === "input" ? "const " : ""}${element}*>(tensors[${index}])`;
  });
  const given = ["static_cast<kernelgen::Stream>(stream)", ...pointers, "lengths", "scratch", "batch", "steps"];
  return `${source}
#define KERNELGEN_C_INTERFACE extern "C" __attribute__((visibility("default")))

KERNELGEN_C_INTERFACE const char* ${name}_launch(void* stream, void* const* tensors, const int* lengths, void* scratch, int batch, int steps) {
  static thread_local std::string error;
  error = ${name}::launch_${problem.pass}(${given.join(", ")});
  return error.empty() ? nullptr : error.c_str();
}

KERNELGEN_C_INTERFACE const char* ${name}_prepare_scratch(void* stream, void* scratch, int batch, int steps) {
  static thread_local std::string error;
  error = ${name}::prepare_scratch(static_cast<kernelgen::Stream>(stream), scratch, batch, steps);
  return error.empty() ? nullptr : error.c_str();
}

KERNELGEN_C_INTERFACE int64_t ${name}_scratch_bytes(int batch, int steps) { return ${name}::scratch_bytes(batch, steps); }

KERNELGEN_C_INTERFACE const char* ${name}_plan() { return ${name}::PLAN_HASH; }
`;
}
