import type { PlanJson } from "kernelgen";
import { countText, integerText } from "../format.js";
import { type MatrixTile, matrixTile, type Place } from "../tile.js";

const placeTexts: Readonly<Record<PlanJson["target"], Readonly<Record<Place, string>>>> = {
  cuda: { registers: "in registers", shared: "in shared memory", memory: "in global memory" },
  wgsl: { registers: "in registers", shared: "in workgroup memory", memory: "read from storage" },
};

/** More lines than this would be a grey area. */
const mostLines = 96;
/** Side of the picture in its own units. */
const side = 480;

/** The recurrent matrix of a head and gate, cut into blocks and warps, with where each part lies. */
export function TilePicture({ plan }: { readonly plan: PlanJson }) {
  const tile = matrixTile(plan);
  const block = plan.target === "cuda" ? "block" : "workgroup";
  return (
    <section class="card" aria-labelledby="tile">
      <h2 id="tile">The tile over R</h2>
      {tile === undefined ? (
        <p class="note">This family keeps no tile of R in place.</p>
      ) : (
        <Picture tile={tile} plan={plan} block={block} />
      )}
      <ul class="chips" aria-label="What the solver chose">
        {Object.entries(plan.parameters).map(([name, value]) => (
          <li key={name}>
            <code>{name}</code> {integerText(value)}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Picture({ tile, plan, block }: { tile: MatrixTile; plan: PlanJson; block: string }) {
  const { target, problem } = plan;
  const { rows, columns, unitTile, unitBlocks, blockColumns, blocksAlongInner, parts, segments } = tile;
  // The picture is a square, whatever the matrix is.
  const [xScale, yScale] = [side / columns, side / rows];
  const places = (["registers", "shared", "memory"] as const).filter((place) =>
    segments.some((segment) => segment.place === place),
  );
  const cuts = unitBlocks > mostLines ? [] : Array.from({ length: unitBlocks - 1 }, (_, i) => (i + 1) * unitTile);
  const [frameWidth, frameHeight] = [blockColumns * xScale, Math.min(unitTile, rows) * yScale];
  const partText = plan.parameters.innerPasses === undefined ? "one for each warp" : "one for each warp and pass";
  const description =
    `${problem.pass === "backward" ? "Transposed R of a head, all gates" : "R of one head and gate"}, ${rows} by ${columns}: ${countText(unitBlocks, block)} of ${unitTile} rows` +
    `${blocksAlongInner > 1 ? `, each ${blocksAlongInner} times side by side` : ""}` +
    `${parts.length > 1 ? `, columns in ${parts.length} parts, ${partText}` : ""}; ` +
    places.map((place) => placeTexts[target][place]).join(", ");
  return (
    <figure class="tile">
      <svg viewBox={`-1 -1 ${side + 2} ${side + 2}`} role="img" aria-label={description}>
        {segments.map(({ place, begin, end }) => (
          <rect
            key={`${place}${begin}`}
            class={`place ${place}`}
            x={begin * xScale}
            y={0}
            width={(end - begin) * xScale}
            height={side}
          />
        ))}
        <rect class="others" x={0} y={frameHeight} width={side} height={side - frameHeight} />
        <rect class="others" x={frameWidth} y={0} width={side - frameWidth} height={frameHeight} />
        {cuts.map((row) => (
          <line key={row} class="cut" x1={0} x2={side} y1={row * yScale} y2={row * yScale} />
        ))}
        {parts.slice(1).map(({ begin }) => (
          <line key={begin} class="cut part" x1={begin * xScale} x2={begin * xScale} y1={0} y2={side} />
        ))}
        <rect class="frame" x={0} y={0} width={frameWidth} height={frameHeight} />
      </svg>
      <figcaption>
        <ul class="legend">
          {places.map((place) => (
            <li key={place}>
              <span class={`swatch ${place}`} aria-hidden="true" /> {placeTexts[target][place]}
            </li>
          ))}
        </ul>
        <p class="note">
          {description}. The frame is the first {block}.
        </p>
      </figcaption>
    </figure>
  );
}
