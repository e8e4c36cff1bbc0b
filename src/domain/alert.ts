import type { AuditEntry } from './audit.ts';
import type { OpenHours } from './open-hours.ts';

/** The source of events about the receiver itself. Names that begin with `_` are reserved. */
export const ALERT_SOURCE = '_alerts';

export const ALERT_KINDS = [
  'lag',
  'held',
  'failures',
  'rejects',
  'disk',
  'clock',
  'silence',
  'gaps',
  'test',
] as const;
export type AlertKind = (typeof ALERT_KINDS)[number];

/** How long a source may be silent, within its hours of business if it has some. */
export type Expectation = Readonly<{ everyMs: number; hours: OpenHours | null }>;

/** What is watched. */
export type AlertRules = Readonly<{
  /** The age of the oldest pending delivery, or null. */
  lagMs: number | null;
  held: boolean;
  failures: boolean;
  /** How many requests of a source that are refused within five minutes are a wave, or null. */
  rejects: number | null;
  disk: boolean;
  clock: boolean;
  /** What comparisons with providers found. */
  gaps: boolean;
}>;

/** Something that an operator should know of while it holds. It quotes nothing of an event. */
export type Condition = Readonly<{
  kind: AlertKind;
  subject: string;
  message: string;
  /** The command that shows more. */
  command: string;
  /** The page of the console, relative to it. */
  page: string;
  /** The destination that it is about, which is not told of itself. */
  destination?: string;
}>;

/** What is kept of a subject. `number` counts its alerts. */
export type AlertState = Condition &
  Readonly<{
    number: number;
    isOn: boolean;
    sinceMs: number;
    overAtMs: number | null;
    ackedBy: string | null;
  }>;

export type AlertChange = Readonly<{ edge: 'raised' | 'over'; key: string; state: AlertState }>;

/** How long a condition has to be gone before it is over, so that one that flaps is one alert. */
export const QUIET_MS = 60_000;

export function keyOf({ kind, subject }: Pick<Condition, 'kind' | 'subject'>): string {
  return `${kind}/${subject}`;
}

/**
 * What has begun and what is over. Deciding twice from the same states comes to the same changes with the same numbers, so
 * two nodes that decide at once send one message.
 * @param goneSinceMs since when the condition of an alert has not held
 */
export function alertChanges(
  kept: Readonly<{ states: readonly AlertState[]; lastNumber: number }>,
  conditions: readonly Condition[],
  goneSinceMs: ReadonlyMap<string, number>,
  nowMs: number,
): readonly AlertChange[] {
  const states = new Map(kept.states.map((state) => [keyOf(state), state]));
  const holding = new Map(conditions.map((condition) => [keyOf(condition), condition]));
  const changes: AlertChange[] = [];
  for (const [key, condition] of holding) {
    const state = states.get(key);
    if (state?.isOn === true) continue;
    const number = (state?.number ?? kept.lastNumber) + 1;
    const times = { sinceMs: nowMs, overAtMs: null };
    changes.push({
      edge: 'raised',
      key,
      state: { ...condition, number, isOn: true, ...times, ackedBy: null },
    });
  }
  for (const [key, state] of states) {
    if (!state.isOn || holding.has(key) || nowMs - (goneSinceMs.get(key) ?? nowMs) < QUIET_MS) continue;
    changes.push({ edge: 'over', key, state: { ...state, isOn: false, overAtMs: nowMs } });
  }
  return changes;
}

/** The name of one alert, as it stands in a path. */
export function alertIdOf({ kind, subject, number }: AlertState): string {
  return [kind, ...subject.split('/'), number].join('~');
}

/** What operators do with alerts. */
export type AlertDesk = Readonly<{
  /** Those that are on first, then the newest that are over. */
  list(): Promise<readonly AlertState[]>;
  /** Somebody takes care of it; null if there is none of that id. */
  ack(id: string, audit: AuditEntry): Promise<AlertState | null>;
  /** Sends an alert that means nothing. @returns the destinations that get it */
  test(audit: AuditEntry): Promise<readonly string[]>;
}>;
