import type { MinutesBody } from '../../admin/minutes.ts';
import { type Child, type Html, html } from '../html.ts';
import { urlOf } from '../urls.ts';
import { count } from './parts.ts';

const WIDTH = 600;
const HEIGHT = 60;
const MINUTE_MS = 60_000;

type Minute = MinutesBody['minutes'][number];

/** A bar for each minute: what was accepted, and on top of it what was rejected and what failed. Each leads to its events. */
export function bars(minutes: readonly Minute[]): Html {
  const most = Math.max(1, ...minutes.map((one) => one.accepted + one.rejected + one.failed));
  const step = WIDTH / Math.max(1, minutes.length);
  return html`<figure class="minutes">
<svg class="bars" viewBox="0 0 ${WIDTH} ${HEIGHT + 1}" preserveAspectRatio="none" role="group" aria-label="Events of the last hour by minute">
${minutes.map((one, at) => bar(one, at * step, step, most))}
<path class="base" d="M0 ${HEIGHT + 0.5}H${WIDTH}" vector-effect="non-scaling-stroke"/>
</svg>
<p class="axis"><span>${clockText(minutes[0])}</span><span>at most ${count(most)} a minute</span><span>${clockText(minutes.at(-1))} UTC</span></p>
<figcaption class="legend">${totals(minutes)}</figcaption>
</figure>`;
}

function bar(one: Minute, x: number, step: number, most: number): Child {
  const sum = one.accepted + one.rejected + one.failed;
  const scale = (value: number) => (value / most) * HEIGHT;
  const label = `${clockText(one)}: ${one.accepted} accepted, ${one.rejected} rejected, ${one.failed} failed`;
  const parts = [
    { value: one.accepted, tone: '' },
    { value: one.rejected, tone: ' warn' },
    { value: one.failed, tone: ' bad' },
  ];
  let top = HEIGHT;
  const drawn = parts.map(({ value, tone }) => {
    if (value === 0) return null;
    top -= scale(value);
    return html`<rect class="bar${tone}" x="${rounded(x + step * 0.12)}" y="${rounded(top)}" width="${rounded(step * 0.76)}" height="${rounded(scale(value))}"/>`;
  });
  // A minute without anything is no place to go to.
  if (sum === 0) return null;
  return html`<a href="${eventsIn(one)}" aria-label="${label}"><title>${label}</title><rect class="hit" x="${rounded(x)}" y="0" width="${rounded(step)}" height="${HEIGHT}"/>${drawn}</a>
`;
}

function eventsIn({ from, accepted, rejected }: Minute): string {
  if (accepted === 0 && rejected > 0) return '/console/rejected';
  const until = new Date(Date.parse(from) + MINUTE_MS).toISOString();
  return urlOf('/console/events', { q: `since:${minuteText(from)} until:${minuteText(until)}` });
}

function minuteText(time: string): string {
  return `${time.slice(0, 16)}Z`;
}

function clockText(minute: Minute | undefined): string {
  return minute?.from.slice(11, 16) ?? '';
}

function rounded(value: number): string {
  return value.toFixed(2).replace(/\.?0+$/, '');
}

function totals(minutes: readonly Minute[]): Child {
  const sum = (name: 'accepted' | 'rejected' | 'failed') =>
    count(minutes.reduce((total, one) => total + one[name], 0));
  return html`<span><i class="key"></i>${sum('accepted')} accepted</span> <span><i class="key warn"></i>${sum('rejected')} rejected</span> <span><i class="key bad"></i>${sum('failed')} failed</span>`;
}
