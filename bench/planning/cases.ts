import type { ProblemOptions } from "kernelgen";

/** A configuration to plan. */
export interface PlanningCase {
  readonly device: string;
  readonly problem: ProblemOptions;
}

const lstm = { cell: "lstm", batch: 16 } as const;

/** Configurations of every size of head, on several devices, of every cell and both passes. */
export const cases: readonly PlanningCase[] = [
  { device: "h200", problem: { ...lstm, headDim: 64, heads: 12 } },
  { device: "h200", problem: { ...lstm, headDim: 256, heads: 3 } },
  { device: "h200", problem: { ...lstm, headDim: 768 } },
  { device: "h200", problem: { ...lstm, headDim: 1024 } },
  { device: "h200", problem: { ...lstm, headDim: 2048 } },
  { device: "h200", problem: { ...lstm, headDim: 2560 } },
  { device: "a100", problem: { ...lstm, headDim: 768 } },
  { device: "rtx4090", problem: { ...lstm, headDim: 768 } },
  { device: "a100", problem: { ...lstm, headDim: 2048 } },
  { device: "h200", problem: { ...lstm, cell: "gru", headDim: 768 } },
  { device: "h200", problem: { ...lstm, cell: "slstm", headDim: 768 } },
  { device: "h200", problem: { ...lstm, headDim: 768, dataType: "fp32" } },
  { device: "h200", problem: { ...lstm, headDim: 64, heads: 12, pass: "backward" } },
  { device: "h200", problem: { ...lstm, headDim: 768, pass: "backward" } },
  { device: "webgpu-default", problem: { ...lstm, headDim: 128, dataType: "fp32" } },
  { device: "h200", problem: { ...lstm, headDim: 768, dataType: "fp32", pass: "backward" } },
  { device: "h200", problem: { ...lstm, headDim: 2048, dataType: "fp32" } },
  { device: "h200", problem: { ...lstm, headDim: 768, dataType: "fp32", tf32: true } },
  { device: "h200", problem: { ...lstm, cell: "slstm", headDim: 768, pass: "backward" } },
  { device: "h200", problem: { ...lstm, cell: "gru", headDim: 768, pass: "backward" } },
  { device: "h200", problem: { ...lstm, cell: "elman", headDim: 1024 } },
  { device: "h200", problem: { ...lstm, headDim: 2048, pass: "backward" } },
  { device: "h200", problem: { ...lstm, headDim: 2560, pass: "backward" } },
  { device: "h200", problem: { ...lstm, headDim: 768, batch: 256 } },
  { device: "h200", problem: { ...lstm, headDim: 128, heads: 6, batch: 64, training: true } },
  { device: "h100", problem: { ...lstm, headDim: 1536, batch: 64 } },
  { device: "a100", problem: { ...lstm, headDim: 768, pass: "backward" } },
  { device: "rtx4090", problem: { ...lstm, headDim: 1024, dataType: "fp32", pass: "backward" } },
  { device: "h200", problem: { ...lstm, cell: "mingru", headDim: 1024 } },
  { device: "webgpu-default", problem: { ...lstm, cell: "gru", headDim: 1024, batch: 1, dataType: "fp32" } },
];
