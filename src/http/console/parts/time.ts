import { relativeTime } from '../assets/relative-time.js';
import { type Html, html } from '../html.ts';

/** A time: how long ago, with the exact one on hover and for readers of the screen. The script keeps it right. */
export function timeAgo(at: string, nowMs: number): Html {
  return html`<time datetime="${at}" title="${exactTime(at)}" data-ago>${relativeTime(Date.parse(at), nowMs)}<span class="hidden">, ${exactTime(at)}</span></time>`;
}

/** A time: exact, with how long ago on hover. */
export function timeAt(at: string, nowMs: number): Html {
  return html`<time datetime="${at}" title="${relativeTime(Date.parse(at), nowMs)}">${exactTime(at)}</time>`;
}

/** `2026-11-01 10:00:00.000 UTC`. */
export function exactTime(at: string): string {
  return `${at.slice(0, 10)} ${at.slice(11, 23)} UTC`;
}
