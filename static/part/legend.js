/* legend — the names of what a chart shows, beside their looks. */
import { html } from '../lib/html.js';

/* The line of a series, as in the charts. */
export const Swatch = ({ style }) => html`
  <svg class="line-swatch" viewBox="0 0 18 8" width="18" height="8" aria-hidden="true">
    <line x1="0" x2="18" y1="4" y2="4" stroke=${style?.color ?? 'currentColor'} stroke-width="3"
        stroke-dasharray=${style?.dash?.join(' ') || 'none'} />
  </svg>
`;

const Square = ({ color }) => html`<span class="swatch" style=${{ background: color }} />`;
const Dot = ({ color }) => html`<span class="swatch round" style=${{ background: color }} />`;

const legendOf = (Mark) => (one) => html`
  <span class="legend-item"><${Mark} color=${one.color} style=${one} />${one.label}</span>
`;

/* series: [{label, color, dash}]. */
export const LineLegend = ({ series }) => html`
  <div class="legend static">${series.map(legendOf(Swatch))}</div>
`;

/* series: [{label, color}]; one alone needs no name. */
export const DotLegend = ({ series }) =>
  series.length > 1 && html`<div class="legend static">${series.map(legendOf(Dot))}</div>`;

export const SquareLegend = ({ series }) => html`
  <div class="legend static">${series.map(legendOf(Square))}</div>
`;
