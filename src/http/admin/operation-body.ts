import { z } from 'zod';
import type { Pressure } from '../../bulk/pressure.ts';
import type { Actor } from '../../domain/audit.ts';
import {
  type BulkOperation,
  canBeTakenBack,
  doneOf,
  OPERATION_KINDS,
  OPERATION_STATES,
  skippedOf,
  validUntilMs,
} from '../../domain/operation.ts';
import { rateText } from '../../domain/rate.ts';
import { mayActAs } from '../../domain/role.ts';
import { asksForMasked } from '../../filter/filter.ts';
import { readFilter } from '../../filter/read-filter.ts';
import { time, timeText } from '../schemas.ts';

const counts = z.record(z.string(), z.int().min(0));
const nullableTime = time.nullable();

export const operationSchema = z.object({
  id: z.string().meta({ format: 'uuid' }),
  kind: z.enum(OPERATION_KINDS),
  state: z.enum([...OPERATION_STATES, 'expired']).describe('`expired`: a plan that may not be run any more.'),
  q: z
    .string()
    .nullable()
    .describe(
      'The filter, its times fixed by the plan. Null for a viewer if it asks for what is masked, and once an erase is completed.',
    ),
  filter_sha256: z.string().describe('The digest of the filter, as in the audit.'),
  to: z.string().nullable().describe('Where a route leads.'),
  rate: z.string().describe('Targets a second.'),
  created_at: time,
  created_by: z.string(),
  valid_until: nullableTime.describe('Until when the plan may be run; null while it is counted.'),
  count: z.int().min(0).nullable().describe('How many targets there are; null while they are counted.'),
  found: z.int().min(0).describe('How many were found so far.'),
  scanned: z.int().min(0).describe('How many events the count has looked at.'),
  searched_to: nullableTime.describe('When the last of them was received.'),
  left_out: counts.describe('What fits the filter and is no target, by the reason, such as `superseded`.'),
  sample: z.array(
    z.object({
      id: z.string(),
      source: z.string().nullable(),
      event_type: z.string().nullable(),
      destination: z.string().nullable(),
    }),
  ),
  destinations: counts.describe('Targets by destination.'),
  undo: z.string().describe('What can be undone of it.'),
  started_at: nullableTime,
  ended_at: nullableTime,
  done: z.int().min(0).describe('Targets to which something was done.'),
  skipped: counts.describe('Targets to which nothing was done, by the reason.'),
  outcomes: counts.describe('All targets that were gone through, by what became of them.'),
  left: z.int().min(0).describe('Targets that are still to be gone through.'),
  taken_back: counts.describe('What the take-back came to: `taken_back`, `tried`, `gone`.'),
  waits_for: z
    .string()
    .nullable()
    .describe('`queue` or `lag`, and the destination, while the process that was asked runs it and waits.'),
  error: z.string().nullable(),
});

const UNDO: Readonly<Record<'replay' | 'route', string>> = {
  replay:
    'A take-back removes replays that are pending and were never tried; what was tried cannot be undone.',
  route:
    'A take-back removes deliveries that are pending and were never tried; what was tried cannot be undone.',
};
const NO_UNDO: Readonly<Record<string, string>> = {
  'give-up': 'It cannot be taken back; what was given up is a dead letter, and can be replayed.',
  reverify: 'It cannot be undone: the requests become events.',
  release: 'It cannot be undone: the deliveries behind the keys go on.',
  erase: 'It cannot be undone.',
};

/** What the operation is to whoever asks. */
export function operationBody(
  operation: BulkOperation,
  { role }: Pick<Actor, 'role'>,
  pressure: Pressure | null,
  nowMs: number,
): z.output<typeof operationSchema> {
  const { kind, state, countedAtMs, search, count } = operation;
  const isOver = state === 'planned' && nowMs > validUntilMs(operation)!;
  return {
    id: operation.id,
    kind,
    state: isOver ? 'expired' : state,
    q: shownFilter(operation, role),
    filter_sha256: operation.digest,
    to: operation.to,
    rate: rateText(operation.rate),
    created_at: timeText(operation.createdAtMs),
    created_by: operation.by.name,
    valid_until: timeOrNull(validUntilMs(operation)),
    count: countedAtMs === null ? null : count,
    found: count,
    scanned: search.scanned,
    searched_to: timeOrNull(search.searchedToMs),
    left_out: operation.leftOut,
    sample: operation.sample.map(({ id, source, eventType, destination }) => ({
      ...{ id, source, event_type: eventType, destination },
    })),
    destinations: operation.destinations,
    undo: canBeTakenBack(operation) ? UNDO[kind as 'replay'] : NO_UNDO[kind]!,
    started_at: timeOrNull(operation.startedAtMs),
    ended_at: timeOrNull(operation.endedAtMs),
    done: doneOf(operation),
    skipped: skippedOf(operation),
    outcomes: operation.outcomes,
    left: operation.left,
    taken_back: operation.takenBack,
    waits_for:
      pressure === null ? null : pressure.kind === 'queue' ? 'queue' : `lag of ${pressure.destination}`,
    error: operation.error,
  };
}

/** A viewer could find out what is masked from a filter and its count. */
function shownFilter({ filter }: BulkOperation, role: Actor['role']): string | null {
  if (filter === '') return null;
  if (role === 'system' || mayActAs(role, 'operator')) return filter;
  const reading = readFilter(filter);
  return reading.kind === 'read' && !reading.filter.some(asksForMasked) ? filter : null;
}

function timeOrNull(timeMs: number | null): string | null {
  return timeMs === null ? null : timeText(timeMs);
}
