import { useMemo } from "preact/hooks";
import { highlighted } from "../highlight.js";

interface Properties {
  readonly name: string;
  readonly text: string;
  readonly target: "cuda" | "wgsl";
}

/** A generated source, highlighted, to read, copy or keep. highlight.js escapes the source, so that its HTML holds nothing else. */
export function SourceView({ name, text, target }: Properties) {
  const html = useMemo(() => highlighted(text, target), [text, target]);
  const download = useMemo(() => `data:text/plain;charset=utf-8,${encodeURIComponent(text)}`, [text]);
  return (
    <div class="source">
      <div class="source-head">
        <code>{name}</code>
        <span class="quiet">{text.split("\n").length} lines</span>
        <button type="button" onClick={() => navigator.clipboard.writeText(text)}>
          Copy
        </button>
        <a class="button" href={download} download={name}>
          Download
        </a>
      </div>
      {/* Focusable, so that it can be scrolled by keyboard. */}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable region has to be reachable */}
      <section class="code" tabIndex={0} aria-label={`Source of ${name}`}>
        <pre>
          <code dangerouslySetInnerHTML={{ __html: html }} />
        </pre>
      </section>
    </div>
  );
}
