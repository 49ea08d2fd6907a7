import { kernelgenPlugin } from "./plugin.js";

export type { PluginOptions } from "./plugin.js";

export default kernelgenPlugin.rollup;
