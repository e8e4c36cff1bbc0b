import { type Html, html } from '../html.ts';

/** Shapes of 16 by 16, drawn with the colour of the text. */
const SHAPES = {
  brand: html`<path d="M2 4.5 8 1.5l6 3v7l-6 3-6-3z"/><path d="M5 7.5 8 9l3-1.5M8 9v3.5"/>`,
  pulse: html`<path d="M1.5 8.5h3l2-5 3 9 2-4h3"/>`,
  bell: html`<path d="M3.5 11.500h9c-1-1-1.200-2.200-1.200-4.500a3.300 3.300 0 0 0-6.600 0c0 2.300-.2 3.500-1.200 4.500z"/><path d="M6.700 13.800h2.600"/>`,
  list: html`<path d="M5.5 4h8M5.5 8h8M5.5 12h8M2 4h.5M2 8h.5M2 12h.5"/>`,
  cross: html`<path d="m4 4 8 8M12 4l-8 8"/>`,
  check: html`<path d="m3 8.5 3.5 3.5L13 4.5"/>`,
  shield: html`<path d="M8 1.5 13 3v5c0 3-2 5-5 6.5C5 13 3 11 3 8V3z"/><path d="m6 6 4 4M10 6l-4 4"/>`,
  lock: html`<rect x="3" y="7" width="10" height="7" rx="1"/><path d="M5 7V5a3 3 0 0 1 6 0v2"/>`,
  out: html`<path d="M2 8h9M8 4.5 11.5 8 8 11.5M14 3v10"/>`,
  in: html`<path d="M14 8H5M8 4.5 4.5 8 8 11.5M2 3v10"/>`,
  person: html`<circle cx="8" cy="5" r="2.8"/><path d="M2.5 14c.6-3 2.8-4.2 5.5-4.200s4.9 1.2 5.5 4.2"/>`,
  gear: html`<path d="M2 4.500h7M12.5 4.500H14M2 11.500h1.500M7 11.500h7"/><circle cx="10.7" cy="4.5" r="1.7"/><circle cx="5.2" cy="11.5" r="1.7"/>`,
  ring: html`<circle cx="8" cy="8" r="5"/>`,
  half: html`<circle cx="8" cy="8" r="5"/><path class="fill" d="M8 3a5 5 0 0 1 0 10z"/>`,
  disc: html`<circle class="fill" cx="8" cy="8" r="5"/><path class="over" d="m5.7 8.2 1.6 1.6 3-3.4"/>`,
  square: html`<rect class="fill" x="3" y="3" width="10" height="10" rx="1"/><path class="over" d="m6 6 4 4M10 6l-4 4"/>`,
  pause: html`<path class="thick" d="M5.5 3.500v9M10.5 3.500v9"/>`,
  warning: html`<path d="M8 2 14.5 13.500h-13z"/><path d="M8 6.500v3M8 11.500v.2"/>`,
  dash: html`<path d="M4 8h8"/>`,
  again: html`<path d="M13 8a5 5 0 1 1-1.5-3.500L13 6M13 2.500V6H9.5"/>`,
  eye: html`<path d="M1.5 8C3 5 5.3 3.5 8 3.500S13 5 14.5 8C13 11 10.7 12.5 8 12.500S3 11 1.5 8z"/><circle cx="8" cy="8" r="2"/>`,
} as const;
export type Icon = keyof typeof SHAPES;

/** A shape beside a word that says the same. */
export function icon(name: Icon): Html {
  return html`<svg class="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">${SHAPES[name]}</svg>`;
}
