import type { WebGpuDevice } from "hwmodels";
import { KernelgenError } from "../../errors.js";
import type { KernelFamily } from "../../plan/family.js";
import type { Plan } from "../../plan/plan.js";
import { exchangeBuffer } from "../exchange.js";
import { stepCounter } from "../step-counter.js";
import type { StorageBuffer } from "../storage-buffers.js";
import type { RecurrenceModule } from "./program.js";

/** The families of that name, all of them without one. Throws `KernelgenError` "invalid-name". */
export function familiesNamed(
  name: string | undefined,
  known: readonly KernelFamily<WebGpuDevice>[],
): readonly KernelFamily<WebGpuDevice>[] {
  if (name === undefined) return known;
  const named = known.filter((family) => family.name === name);
  if (named.length > 0) return named;
  throw new KernelgenError(
    "invalid-name",
    `unknown kernel family "${name}"; families: ${known.map((family) => family.name).join(", ")}`,
  );
}

/** The device, as if it could bind buffers of any size: what is longer than a buffer is computed in parts. */
export const withoutTensorLimits = (device: WebGpuDevice): WebGpuDevice => ({
  ...device,
  limits: {
    ...device.limits,
    maxStorageBufferBindingSize: Number.MAX_SAFE_INTEGER,
    maxBufferSize: Number.MAX_SAFE_INTEGER,
  },
});

/** How families are dispatched that have not one dispatch for a sequence. */
const dispatchOf: Readonly<Record<string, RecurrenceModule["dispatch"]>> = { stepwise: "step", scan: "chunks" };

/** A plan's kernel as a program has it. */
export function recurrenceModule(
  plan: Plan,
  family: KernelFamily,
  entryPoint: string,
  buffers: readonly StorageBuffer[],
): RecurrenceModule {
  const exchange = plan.family === "grid" ? exchangeBuffer(plan.problem) : undefined;
  const counter = stepCounter(plan);
  return {
    entryPoint,
    source: family.emit(plan)[0].text,
    bindings: [
      ...buffers.map(({ name, role }) => ({ name, type: role === "input" ? "read-only-storage" : "storage" }) as const),
      { name: "run", type: "uniform" },
      ...[exchange, counter].flatMap((beside) =>
        beside === undefined ? [] : [{ name: beside.name, type: "storage" } as const],
      ),
    ],
    family: plan.family,
    plan: plan.hash,
    dispatch: dispatchOf[plan.family] ?? "sequence",
    workgroups: [plan.derived.workgroupsX!, plan.derived.workgroupsY!, plan.derived.workgroupsZ!],
    ...(plan.derived.chunkSteps !== undefined && { chunkSteps: plan.derived.chunkSteps }),
    ...(exchange === undefined ? {} : { exchange }),
    ...(counter === undefined ? {} : { counter }),
  };
}
