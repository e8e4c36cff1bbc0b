import type { EventDetails } from '../../admin/events.ts';
import type { EventHistory } from '../../admin/history.ts';
import { duration } from '../assets/relative-time.js';
import { type Child, foreign, type Html, html } from '../html.ts';
import { type Icon, icon } from './icon.ts';
import { exactTime, timeAgo } from './time.ts';

type Moment = EventHistory['history'][number];
type Told = Readonly<{ icon: Icon; tone: string; title: string; text?: Child }>;

/** The life of an event, from its receipt on. */
export function timeline({ history }: EventHistory, event: EventDetails, nowMs: number): Html {
  return html`<ol class="timeline">${history.map((moment) => {
    const told = TELL[moment.kind](moment, event);
    return html`<li class="${told.tone}">${icon(told.icon)}<div><p><b>${told.title}</b>${
      moment.destination === null
        ? null
        : html` <span class="muted">${foreign(moment.destination, 64)}</span>`
    }${moment.actor === null ? null : html` <span class="muted">by ${foreign(moment.actor, 64)}</span>`}</p>${
      told.text === undefined ? null : html`<p>${told.text}</p>`
    }</div><span class="when"><span>${exactTime(moment.at)}</span> ${timeAgo(moment.at, nowMs)}</span></li>`;
  })}</ol>`;
}

const TELL: Readonly<Record<Moment['kind'], (moment: Moment, event: EventDetails) => Told>> = {
  accepted: () => ({ icon: 'in', tone: 'calm', title: 'Accepted' }),
  came_again: ({ detail }) => ({
    icon: 'again',
    tone: detail.bytes_differed === true ? 'warn' : 'calm',
    title: 'Came again',
    text: `${detail.count} times until then${detail.bytes_differed === true ? ', with other bytes' : ''}`,
  }),
  replay: ({ detail }) => ({
    icon: 'again',
    tone: 'calm',
    title: 'Replayed',
    text: `repeats ${detail.replay_of}`,
  }),
  try: tellAttempt,
  retry: ({ detail }) => ({
    icon: 'ring',
    tone: 'calm',
    title: 'Waits for the next attempt',
    text: typeof detail.next_at === 'string' ? `at ${exactTime(detail.next_at)}` : undefined,
  }),
  completed: () => ({ icon: 'disc', tone: 'good', title: 'Completed' }),
  failed: ({ detail }) => ({
    icon: 'square',
    tone: 'bad',
    title: 'Failed',
    text: `given up after ${detail.attempts} ${detail.attempts === 1 ? 'attempt' : 'attempts'}`,
  }),
  hold: ({ detail }) => ({
    icon: 'pause',
    tone: 'warn',
    title: HOLDS[String(detail.action)] ?? String(detail.action),
    text: reasonOf(detail),
  }),
  release: () => ({ icon: 'out', tone: 'calm', title: 'Order key released' }),
  reverify: () => ({ icon: 'check', tone: 'calm', title: 'Verified again' }),
  reveal: () => ({ icon: 'eye', tone: 'calm', title: 'Revealed' }),
  erasure: () => ({ icon: 'dash', tone: 'calm', title: 'Erased' }),
};

const HOLDS: Readonly<Record<string, string>> = {
  'destination.hold': 'Destination held',
  'destination.resume': 'Destination resumed',
  'destination.rate': 'Rate changed',
  'destination.trip': 'Breaker opened',
  'destination.close': 'Breaker closed',
};

function reasonOf({ reason }: Moment['detail']): Child {
  return typeof reason === 'string' ? foreign(reason, 300) : undefined;
}

function tellAttempt({ detail, delivery_id }: Moment, event: EventDetails): Told {
  const { number, outcome, http_status, duration_ms } = detail;
  const attempt = event.deliveries
    .find(({ id }) => id === delivery_id)
    ?.tries.find((one) => one.number === number);
  const isGood = outcome === 'succeeded';
  const facts = [
    String(outcome),
    ...(typeof http_status === 'number' ? [`HTTP ${http_status}`] : []),
    ...(typeof duration_ms === 'number'
      ? [duration_ms < 1000 ? `${duration_ms} ms` : duration(duration_ms)]
      : []),
  ].join(' · ');
  const error = attempt?.error ?? null;
  const excerpt = attempt?.response_excerpt ?? null;
  return {
    icon: isGood ? 'check' : 'cross',
    tone: isGood ? 'good' : 'bad',
    title: `Attempt ${number}`,
    text: html`${facts}${error === null ? null : html`<br>${foreign(error, 600)}`}${
      excerpt === null || excerpt === ''
        ? null
        : html`<br><span class="muted">answered:</span> <code class="excerpt">${foreign(excerpt, 600)}</code>`
    }`,
  };
}
