/* weights — a trained net's weights: their distribution per layer, and the first layer as
 * pictures. */
import { html, useEffect, useMemo, useState } from '../../lib/html.js';
import { get } from '../../lib/api.js';
import { readSafetensors, layerWeights } from '../../lib/safetensors.js';
import { histogram } from '../../chart/picture.js';
import { number, count } from '../../lib/format.js';
import { Loading, Failure } from '../basic.js';
import { Picture } from '../picture.js';

const BINS = 61;
const FILTERS = 64;

function Distribution({ layer }) {
  const reach = useMemo(
    () => layer.data.reduce((most, x) => Math.max(most, Math.abs(x)), 0) || 1,
    [layer],
  );
  const bins = useMemo(() => histogram(layer.data, -reach, reach, BINS), [layer, reach]);
  const zeros = useMemo(
    () => layer.data.reduce((n, x) => n + (Math.abs(x) < 1e-3 ? 1 : 0), 0) / layer.data.length,
    [layer],
  );
  const norm = useMemo(() => Math.sqrt(layer.data.reduce((sum, x) => sum + x * x, 0)), [layer]);
  const most = Math.max(...bins);
  const size = `${layer.name}: ${count(layer.data.length, 'weight')}`;
  const percent = `${(100 * zeros).toFixed(1)} %`;
  const words = `${size}, norm ${number(norm)}, ${percent} within 0.001 of zero`;
  return html`
    <figure class="distribution">
      <figcaption>
        <code>${layer.name}</code>${' '}
        <span class="soft">
          ${layer.rows} × ${layer.columns}, norm ${number(norm)}, ${percent} near 0
        </span>
      </figcaption>
      <svg viewBox="0 0 ${BINS * 4} 84" preserveAspectRatio="none" role="img" aria-label=${words}>
        <title>${words}</title>
        ${bins.map(
          (n, i) =>
            n > 0 &&
            html`
              <rect x=${i * 4} width="3.4" y=${84 - (80 * n) / most - 1}
                  height=${(80 * n) / most + 1} />
            `,
        )}
      </svg>
      <div class="ends soft small">
        <span>${number(-reach, 3)}</span>
        <span>0</span>
        <span>${number(reach, 3)}</span>
      </div>
    </figure>
  `;
}

/* `image`: {width, height} of the inputs, or null. */
export function Weights({ run, image }) {
  const [state, setState] = useState({ layers: null, problem: null });
  const load = () => {
    const abort = new AbortController();
    get(`/runs/${run}/model`, { format: 'safetensors' }, abort.signal, 'buffer').then(
      (buffer) => setState({ layers: layerWeights(readSafetensors(buffer)), problem: null }),
      (problem) => {
        if (!abort.signal.aborted) setState({ layers: null, problem });
      },
    );
    return () => abort.abort();
  };
  useEffect(load, [run]);
  if (state.problem)
    return html`
      <${Failure} problem=${state.problem} retry=${load} title="The model could not be loaded" />
    `;
  if (!state.layers) return html`<${Loading} what="Loading the model" />`;
  const [first] = state.layers;
  const pictures = image && first && first.columns === image.width * image.height;
  return html`
    <div class="distributions" data-testid="weights">
      ${state.layers.map((layer) => html`<${Distribution} key=${layer.name} layer=${layer} />`)}
    </div>
    ${
      pictures &&
      html`
        <h3>What the first layer looks for</h3>
        <p class="soft small">
          The weights into each unit, as a picture: orange raises it, blue lowers
          it.${first.rows > FILTERS ? ` The first ${FILTERS} of ${first.rows}.` : ''}
        </p>
        <div class="pictures filters-grid" data-testid="filters">
          ${Array.from(
            { length: Math.min(FILTERS, first.rows) },
            (_, i) => html`
              <${Picture} key=${i}
                  values=${first.data.subarray(i * first.columns, (i + 1) * first.columns)}
                  width=${image.width} height=${image.height} kind="weights" label="Unit ${i}" />
            `,
          )}
        </div>
      `
    }
  `;
}
