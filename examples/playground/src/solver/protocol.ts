import type { Device, WebGpuDevice } from "hwmodels";
import type { NearestFeasible, OutputError, PlanJson, ProblemOptions, SourceFile, StepTime } from "kernelgen";

/** A kernel to plan. Plain data, as all that goes to a worker and comes from it. */
export interface SolveRequest {
  readonly device: Device;
  readonly problem: ProblemOptions;
}

/** What became of it. Answers come one after the other: the plan or why there is none, then what takes longer to find out. */
export type SolveAnswer =
  | { readonly kind: "planned"; readonly planned: Planned }
  | { readonly kind: "ranked"; readonly ranking: readonly PlanJson[] }
  | { readonly kind: "refused"; readonly reasons: readonly Refusal[] }
  | { readonly kind: "nearest"; readonly nearest: NearestFeasible; readonly others: readonly Change[] }
  | { readonly kind: "invalid"; readonly message: string }
  | { readonly kind: "finished" };

export interface Planned {
  readonly plan: PlanJson;
  readonly families: readonly FamilyResult[];
  readonly sources: readonly SourceFile[];
  /** How long the solver took. */
  readonly milliseconds: number;
}

/** What a family could do: its fastest plan, or why there is none. */
export interface FamilyResult {
  readonly family: string;
  readonly microsecondsPerStep: number | undefined;
  readonly reason: string | undefined;
}

/** Why a family cannot serve a problem. */
export interface Refusal {
  readonly family: string;
  readonly reason: string;
}

/** What would make a kernel of a question that has none, beside another size: by the names of `Question`. */
export type Change = Readonly<Partial<Record<"dataType" | "pass" | "steps", string>>>;

/** A kernel to run on the GPU of this browser. */
export interface RunRequest {
  readonly problem: ProblemOptions;
}

export type RunAnswer =
  | { readonly kind: "ran"; readonly result: RunResult }
  | { readonly kind: "failed"; readonly message: string };

export interface RunResult {
  readonly adapter: string;
  readonly plan: PlanJson;
  readonly source: string;
  readonly errors: readonly OutputError[];
  readonly tolerance: number;
  readonly time: StepTime;
}

/** The WebGPU adapter of this browser, as kernels are planned for. */
export type BrowserAdapter = WebGpuDevice;
