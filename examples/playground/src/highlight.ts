import hljs from "highlight.js/lib/core";
import cpp from "highlight.js/lib/languages/cpp";
import { wgslLanguage } from "./wgsl-language.js";

hljs.registerLanguage("cpp", cpp);
hljs.registerLanguage("wgsl", wgslLanguage);

/** A source as HTML with its words marked; all of the source's own characters are escaped. */
export const highlighted = (source: string, target: "cuda" | "wgsl"): string =>
  hljs.highlight(source, { language: target === "cuda" ? "cpp" : "wgsl" }).value;
