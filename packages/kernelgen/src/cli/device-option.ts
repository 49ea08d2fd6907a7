/** What `--device` takes, for help. */
export const deviceDescription =
  "Device, for example h200, or a JSON file that describes one, for example ./my-gpu.json";
