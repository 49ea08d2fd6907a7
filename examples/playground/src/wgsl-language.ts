import type { HLJSApi, Language } from "highlight.js";

/** WGSL for highlight.js: the words of the WebGPU Shading Language specification that the generated modules use. */
export function wgslLanguage({ C_LINE_COMMENT_MODE, C_BLOCK_COMMENT_MODE }: HLJSApi): Language {
  return {
    name: "WGSL",
    keywords: {
      keyword:
        "alias break case const const_assert continue continuing default diagnostic discard else enable fn for if let loop override requires return struct switch var while",
      type: "array atomic bool f16 f32 i32 mat4x4f ptr u32 vec2f vec3f vec4f vec2u vec3u vec4u vec4h",
      literal: "true false",
      built_in:
        "abs clamp dot exp fma log max min select storageBarrier subgroupAdd tanh transpose workgroupBarrier workgroup storage uniform read read_write",
    },
    contains: [
      C_LINE_COMMENT_MODE,
      C_BLOCK_COMMENT_MODE,
      { scope: "meta", match: /@[a-z_]+/ },
      { scope: "number", match: /\b(0x[0-9a-fA-F]+|\d+(\.\d+)?(e[+-]?\d+)?)[iufh]?\b/ },
      { match: [/fn/, /\s+/, /[A-Za-z_]\w*/], scope: { 1: "keyword", 3: "title.function" } },
    ],
  } as Language;
}
