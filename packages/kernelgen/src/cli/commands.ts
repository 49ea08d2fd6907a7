import { type LazyCommand, lazyCommand } from "./lazy-command.js";

/** The commands of `kernelgen`, in the order of its help. */
export const commands: readonly LazyCommand[] = [
  lazyCommand(
    "config",
    "Choose kernel family and tile for a problem on a device, and print them",
    async () => (await import("./config.js")).configCommand,
  ),
  lazyCommand(
    "generate",
    "Write the kernel's source and its plan",
    async () => (await import("./generate.js")).generateCommand,
  ),
  lazyCommand(
    "build",
    "Write the kernels that a configuration lists, with typed modules and a manifest",
    async () => (await import("./build.js")).buildCommand,
  ),
  lazyCommand(
    "run",
    "Run the generated kernel on this machine's WebGPU device, check it against the CPU, and time it",
    async () => (await import("./run.js")).runCommand,
  ),
  lazyCommand(
    "bench",
    "Time a linear recurrence on this machine's CPU and WebGPU device over several numbers of steps",
    async () => (await import("./bench.js")).benchCommand,
  ),
  lazyCommand(
    "devices",
    "List the devices that are known, show one with its sources, or describe this machine's",
    async () => (await import("./devices/command.js")).devicesCommand,
  ),
  lazyCommand(
    "occupancy",
    "Count the blocks of a kernel that a multiprocessor holds, by NVIDIA's rules, and what would change it",
    async () => (await import("./occupancy/command.js")).occupancyCommand,
  ),
  lazyCommand(
    "calibrate",
    "Fit the constants of predicted times to kernels measured on a GPU",
    async () => (await import("./calibrate/command.js")).calibrateCommand,
  ),
  lazyCommand(
    "sweep",
    "Plan many head dimensions on several devices: feasible families and predicted times",
    async () => (await import("./sweep/command.js")).sweepCommand,
  ),
];
