import { hash } from 'node:crypto';
import type { Actor } from '../domain/audit.ts';
import { type BulkOperation, OPERATION_RATE, type OperationKind } from '../domain/operation.ts';
import { parseRate } from '../domain/rate.ts';
import { mayActAs } from '../domain/role.ts';
import { type Field, type Filter, resolveFilter, type Term } from '../filter/filter.ts';
import { printFilter } from '../filter/print-filter.ts';
import { describeMistake, readFilter } from '../filter/read-filter.ts';

/** What an operator asks for. */
export type PlanRequest = Readonly<{
  kind: OperationKind;
  /** The filter's text. */
  q: string;
  /** Where a route leads. */
  to?: string | undefined;
  /** Targets a second, such as `50/s`. */
  rate?: string | undefined;
}>;

/** Why nothing was done, with the code of the problem reply. */
export type Refused = Readonly<{
  kind: 'refused';
  code:
    | 'invalid'
    | 'forbidden'
    | 'not_found'
    | 'count_differs'
    | 'plan_expired'
    | 'operation_state'
    | 'overloaded';
  detail: string;
  errors?: readonly Readonly<{ field: string; message: string }>[];
}>;

export function refuse(code: Refused['code'], detail: string, field?: string, message = detail): Refused {
  return { kind: 'refused', code, detail, ...(field !== undefined && { errors: [{ field, message }] }) };
}

export type CheckedPlan =
  | Readonly<{
      kind: 'plan';
      plan: Pick<BulkOperation, 'kind' | 'filter' | 'digest' | 'to' | 'rate'>;
    }>
  | Refused;

/** The terms that say something of what is not an event: other ones would hold for none of it. */
const OWN_FIELDS: Readonly<Partial<Record<OperationKind, readonly Field[]>>> = {
  reverify: ['source', 'since', 'until', 'id', 'header', 'body', 'pointer'],
  release: ['destination', 'order'],
};

const FIELDS_SAY: Readonly<Partial<Record<OperationKind, string>>> = {
  reverify: 'source, since, until, id, header and body, which rejected requests have',
  release: 'destination and order, which blocked keys have',
};

/** Kinds that only an admin may plan, run, cancel or take back. */
export function takesAdmin(kind: OperationKind, filter: Filter): boolean {
  return kind === 'erase' || (kind === 'replay' && asksForCompleted(filter));
}

/** Whether completed deliveries are meant by their status. */
export function asksForCompleted(filter: Filter): boolean {
  return filter.some((term) => term.field === 'status' && !term.negated && term.values.includes('completed'));
}

export function isAdmin({ role }: Actor): boolean {
  return role !== 'system' && mayActAs(role, 'admin');
}

/**
 * Checks what is asked for, and fixes its relative times.
 * @param destinations names of the configuration in effect
 */
export function checkPlan(
  asked: PlanRequest,
  actor: Actor,
  destinations: readonly string[],
  nowMs: number,
): CheckedPlan {
  const reading = readFilter(asked.q);
  if (reading.kind === 'mistaken') {
    const message = describeMistake(reading.mistake);
    return refuse('invalid', `The filter is wrong at ${message}.`, '/q', message);
  }
  const { filter } = reading;
  if (filter.length === 0) {
    const all = 'an empty filter would mean everything';
    return refuse('invalid', `Say what is meant: ${all}.`, '/q', `${all}; expected at least one term`);
  }
  const odd = oddTerm(asked.kind, filter);
  if (odd !== null) {
    const message = `${printFilter([odd])} does not apply to ${asked.kind}; expected ${FIELDS_SAY[asked.kind]}`;
    return refuse('invalid', `The filter is wrong: ${message}.`, '/q', message);
  }
  if (takesAdmin(asked.kind, filter) && !isAdmin(actor)) {
    const what = asked.kind === 'erase' ? 'To erase' : 'To do completed deliveries again';
    return refuse('forbidden', `${what} takes the role admin; the token of ${actor.name} has ${actor.role}.`);
  }
  return checkRest(asked, filter, destinations, nowMs);
}

function oddTerm(kind: OperationKind, filter: Filter): Term | null {
  const fields = OWN_FIELDS[kind];
  return fields === undefined ? null : (filter.find(({ field }) => !fields.includes(field)) ?? null);
}

function checkRest(
  { kind, to, rate }: PlanRequest,
  filter: Filter,
  destinations: readonly string[],
  nowMs: number,
): CheckedPlan {
  if (kind === 'route' && to === undefined) {
    return refuse('invalid', 'A route leads to a destination: name it with "to".', '/to', 'a destination');
  }
  if (kind !== 'route' && to !== undefined) {
    return refuse('invalid', 'Only a route has a "to".', '/to', `nothing, since ${kind} leads nowhere`);
  }
  if (to !== undefined && !destinations.includes(to)) {
    const known = `one of ${destinations.join(', ')}`;
    return refuse(
      'invalid',
      `There is no destination ${JSON.stringify(to)}: expected ${known}.`,
      '/to',
      known,
    );
  }
  const perSecond = rateOf(rate);
  if (typeof perSecond !== 'number') return perSecond;
  const text = printFilter(resolveFilter(filter, nowMs));
  if (readFilter(text).kind === 'mistaken') {
    return refuse('invalid', 'The filter is too long with its times written out: shorten it.', '/q');
  }
  const digest = hash('sha256', text);
  return { kind: 'plan', plan: { kind, filter: text, digest, to: to ?? null, rate: perSecond } };
}

/** Targets a second of a text like `50/s`; without one, the usual. */
export function rateOf(text: string | undefined): number | Refused {
  const { least, most, usual } = OPERATION_RATE;
  if (text === undefined) return usual;
  const perSecond = parseRate(text);
  if (perSecond !== null && perSecond >= least && perSecond <= most) return perSecond;
  const takes = `a rate such as "${usual}/s", from ${least}/s to ${most}/s`;
  return refuse('invalid', `Send ${takes}.`, '/rate', takes);
}
