// How long `kernelgen config` takes a person: from the start of the process to its end, least and median of several runs in turn.
//
//   node bench/dist/planning/command.js [RUNS]      default: 7 runs
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const runs = Number(process.argv[2] ?? 7);
const kernelgen = fileURLToPath(new URL("../../../packages/kernelgen/bin/kernelgen.js", import.meta.url));
const config = [kernelgen, "config", "--device", "h200", "--batch", "16"];

const commands: readonly (readonly string[])[] = [
  ["-e", "0"],
  [kernelgen, "--version"],
  [kernelgen, "config", "--help"],
  [...config, "--head-dim", "64", "--heads", "12"],
  [...config, "--head-dim", "768"],
  [...config, "--head-dim", "768", "--every-family"],
  [...config, "--head-dim", "2560", "--pass", "backward"],
  [...config, "--head-dim", "768", "--explain"],
];

const times = commands.map((): number[] => []);
for (let run = 0; run < runs; run++) {
  for (const [index, command] of commands.entries()) {
    const startedAt = performance.now();
    const { status, stderr } = spawnSync(process.execPath, command, { encoding: "utf8" });
    times[index]!.push(performance.now() - startedAt);
    if (status !== 0) throw new Error(`node ${command.join(" ")}: ${stderr}`);
  }
}
console.log("| command | ms, least | ms, median |");
console.log("| --- | --- | --- |");
for (const [index, command] of commands.entries()) {
  const sorted = times[index]!.toSorted((left, right) => left - right);
  const text = `node ${command.join(" ").replace(kernelgen, "kernelgen.js")}`;
  console.log(`| \`${text}\` | ${sorted[0]!.toFixed(0)} | ${sorted[Math.floor(runs / 2)]!.toFixed(0)} |`);
}
