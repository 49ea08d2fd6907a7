import type { Device } from "hwmodels";
import { cells, linearCells } from "kernelgen";
import { examples, passes, type Question, type Size, sizes, thisBrowser } from "../question.js";

interface Properties {
  readonly question: Question;
  readonly devices: readonly Device[];
  /** Whether this browser has a WebGPU adapter; undefined while it has not answered. */
  readonly hasGpu: boolean | undefined;
  readonly ask: (question: Question) => void;
}

const sizeTexts: Readonly<Record<Size, { readonly label: string; readonly hint: string }>> = {
  headDim: { label: "Head size", hint: "D" },
  heads: { label: "Heads", hint: "N" },
  batch: { label: "Batch", hint: "B" },
  steps: { label: "Steps", hint: "T" },
};

const cellTexts: Readonly<Record<string, string>> = {
  elman: "Elman",
  gru: "GRU",
  lstm: "LSTM",
  cifg: "CIFG",
  slstm: "sLSTM",
  mingru: "minGRU",
  mingru_plain: "minGRU, plain",
  minlstm: "minLSTM",
  minlstm_plain: "minLSTM, plain",
  linear: "a·h + b",
};

const dataTypes = ["bf16", "fp16", "fp32"] as const;

/** The form that states a kernel; every change is a new question. */
export function QuestionForm({ question, devices, hasGpu, ask }: Properties) {
  const change = (field: keyof Question) => (event: { readonly currentTarget: { readonly value: string } }) =>
    ask({ ...question, [field]: event.currentTarget.value });
  return (
    <form class="question card" onSubmit={(event) => event.preventDefault()} aria-label="Kernel">
      <label class="field">
        <span>Device</span>
        <select value={question.device} onChange={change("device")}>
          {hasGpu && <option value={thisBrowser}>The GPU of this browser (WebGPU)</option>}
          {(["cuda", "webgpu"] as const).map((kind) => (
            <optgroup key={kind} label={kind === "cuda" ? "CUDA" : "WebGPU"}>
              {devices
                .filter((device) => device.kind === kind)
                .map(({ id, name }) => (
                  <option key={id} value={id}>
                    {name}
                  </option>
                ))}
            </optgroup>
          ))}
        </select>
      </label>
      <div class="pair">
        <label class="field">
          <span>Cell</span>
          <select value={question.cell} onChange={change("cell")}>
            {[...cells.keys(), ...linearCells.keys()].map((name) => (
              <option key={name} value={name}>
                {cellTexts[name] ?? name}
              </option>
            ))}
          </select>
        </label>
        <label class="field">
          <span>Data type</span>
          <select value={question.dataType} onChange={change("dataType")}>
            {dataTypes.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
      </div>
      <label class="field">
        <span>Pass</span>
        <select value={question.pass} onChange={change("pass")}>
          {passes.map(({ name, text }) => (
            <option key={name} value={name}>
              {text}
            </option>
          ))}
        </select>
      </label>
      <div class="sizes">
        {sizes.map((size) => (
          <label key={size} class="field">
            <span>
              {sizeTexts[size].label} <abbr title={`called ${sizeTexts[size].hint} below`}>{sizeTexts[size].hint}</abbr>
            </span>
            <input type="number" min={1} step={1} required value={question[size]} onInput={change(size)} />
          </label>
        ))}
      </div>
      <fieldset class="examples">
        <legend>Or try</legend>
        {examples.map((example) => (
          <button key={example.name} type="button" onClick={() => ask(example.question)}>
            {example.name}
          </button>
        ))}
      </fieldset>
    </form>
  );
}
