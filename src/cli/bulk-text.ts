import { printable } from '../domain/printable.ts';
import { textTable } from './text-table.ts';

export type Counts = Readonly<Record<string, number>>;

/** A bulk operation as the receiver shows it. */
export type BulkOperation = Readonly<{
  id: string;
  kind: string;
  state: string;
  q: string | null;
  to: string | null;
  rate: string;
  created_at: string;
  created_by: string;
  valid_until: string | null;
  count: number | null;
  found: number;
  scanned: number;
  left_out: Counts;
  sample: readonly Readonly<{
    id: string;
    source: string | null;
    event_type: string | null;
    destination: string | null;
  }>[];
  destinations: Counts;
  undo: string;
  done: number;
  skipped: Counts;
  left: number;
  taken_back: Counts;
  waits_for: string | null;
  error: string | null;
}>;

/** What a plan is about, for a person who is to decide. */
export function describePlan(plan: BulkOperation): string {
  const { kind, to, count, found, q, destinations, left_out, sample, rate, undo, error } = plan;
  const lines = [
    `${kind}${to === null ? '' : ` to ${to}`}: ${count ?? `${found} so far, still counting,`} targets at ${rate}`,
    ...(q === null ? [] : [`filter: ${q}`]),
    ...(totalOf(destinations) === 0 ? [] : [`destinations: ${countsText(destinations)}`]),
    ...(totalOf(left_out) === 0 ? [] : [`left out: ${countsText(left_out)}`]),
    undo,
    ...(error === null ? [] : [error]),
  ];
  const rows = sample.map((one) => [
    one.id,
    one.source ?? '-',
    one.event_type ?? '-',
    one.destination ?? '-',
  ]);
  const table = rows.length === 0 ? '' : textTable([['ID', 'SOURCE', 'TYPE', 'DESTINATION'], ...rows]);
  return `${lines.map(printable).join('\n')}\n${table}`;
}

/** How far an operation is, in one line. */
export function describeState(operation: BulkOperation): string {
  const { state, count, done, skipped, left, taken_back: takenBack, waits_for: waitsFor } = operation;
  const parts = [
    `${state}: ${done} of ${count ?? '?'} done`,
    ...(totalOf(skipped) === 0 ? [] : [`skipped: ${countsText(skipped)}`]),
    ...(totalOf(takenBack) === 0 ? [] : [`of these ${countsText(takenBack)}`]),
    ...(state === 'running' || state === 'taking_back' ? [`${left} left`] : []),
    ...(waitsFor === null ? [] : [`waits for ${waitsFor}`]),
  ];
  return parts.join(', ');
}

function countsText(counts: Counts): string {
  return Object.entries(counts)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ');
}

export function totalOf(counts: Counts): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}
