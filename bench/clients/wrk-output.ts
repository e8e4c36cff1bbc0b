import type { Saturation } from './saturate.ts';

const FIELDS = [
  'durationUs',
  'responses',
  'notOk',
  'connect',
  'read',
  'write',
  'timeout',
  'p50Us',
  'p99Us',
] as const;
type Totals = Readonly<Record<(typeof FIELDS)[number], number>>;

/** Reads the line of JSON that post-orders.lua prints after wrk's own text. */
export function parseWrkOutput(text: string): Saturation {
  const line = text.split('\n').findLast((each) => each.startsWith('{'));
  if (line === undefined) throw new Error(`wrk printed no totals:\n${text}`);
  const totals = JSON.parse(line) as Totals;
  const missing = FIELDS.filter((field) => typeof totals[field] !== 'number');
  if (missing.length > 0) throw new Error(`wrk's totals lack ${missing.join(', ')}: ${line}`);
  const seconds = totals.durationUs / 1e6;
  const ok = totals.responses - totals.notOk;
  return {
    seconds,
    ok,
    okPerSecond: ok / seconds,
    notOk: totals.notOk,
    socketErrors: totals.connect + totals.read + totals.write + totals.timeout,
    p50Ms: totals.p50Us / 1e3,
    p99Ms: totals.p99Us / 1e3,
  };
}
