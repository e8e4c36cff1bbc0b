import type { Actor, AuditDetail, AuditEntry } from '../../domain/audit.ts';
import type { Destination } from '../../domain/destination.ts';
import {
  type DestinationState,
  holdAt,
  overrideAt,
  resumed,
  standingAt,
  withHold,
} from '../../domain/destination-state.ts';
import { parseRate, rateText } from '../../domain/rate.ts';
import type { Clock } from '../../runtime/clock.ts';
import { timeText } from '../schemas.ts';
import { type AdminAnswer, done, refuse } from './answer.ts';
import { type DestinationBodyParts, destinationBody } from './destination-body.ts';
import { HOLD_ASKS, holdSchema, RATE_ASKS, rateSchema } from './destination-document.ts';
import type { AddEndpoint } from './endpoint.ts';
import { shownUnasked } from './shown-request.ts';

export type DestinationParts = Omit<DestinationBodyParts, 'states'> &
  Readonly<{
    states: DestinationBodyParts['states'] &
      Readonly<{
        /** Changes it in the store, and in this process before it resolves. */
        change(
          destination: string,
          decide: (
            state: DestinationState,
          ) => Readonly<{ next: DestinationState; audit?: AuditEntry | null }>,
        ): Promise<DestinationState>;
      }>;
    /** Those of the configuration in effect. */
    destinations: () => readonly Destination[];
    /** Called with a destination that has just been held, to mark what waits for it. */
    markPending: (destination: string) => Promise<void>;
  }>;

/** Holds, resumes and limits destinations, and shows them. */
export function addDestinationEndpoints(add: AddEndpoint, parts: DestinationParts): void {
  const { states, clock, markPending } = parts;
  const find = (name: string) => parts.destinations().find((destination) => destination.name === name);
  const show = async (destination: Destination, { role }: Actor) =>
    done(await destinationBody(parts, destination, await parts.store.stats(), shownUnasked(role)));

  add('GET /admin/destinations', {}, async ({ actor }) => {
    const stats = await parts.store.stats();
    const shown = shownUnasked(actor.role);
    const bodies = parts
      .destinations()
      .map((destination) => destinationBody(parts, destination, stats, shown));
    return done({ destinations: await Promise.all(bodies) });
  });

  add('GET /admin/destinations/:name', {}, async ({ actor, params }) => {
    const destination = find(params.name!);
    return destination === undefined ? unknown(parts) : show(destination, actor);
  });

  add(
    'POST /admin/destinations/:name/hold',
    { body: { schema: holdSchema, asks: HOLD_ASKS } },
    async ({ actor, params, body, audit }) => {
      const destination = find(params.name!);
      if (destination === undefined) return unknown(parts);
      const untilMs = endOf(body.until);
      if (isPast(untilMs, clock)) return past(HOLD_ASKS);
      const hold = { reason: body.reason ?? null, untilMs };
      await states.change(destination.name, (before) => {
        const nowMs = clock.nowMs();
        const next = withHold(before, hold, nowMs);
        return { next, audit: audit(destination.name, detailOf(before, next, nowMs)) };
      });
      void markPending(destination.name);
      return show(destination, actor);
    },
  );

  add('POST /admin/destinations/:name/resume', {}, async ({ actor, params, audit }) => {
    const destination = find(params.name!);
    if (destination === undefined) return unknown(parts);
    await states.change(destination.name, (before) => {
      const nowMs = clock.nowMs();
      // An open one is left as it is.
      if (standingAt(before, nowMs) === 'open') return { next: before };
      const next = resumed(before, nowMs);
      return { next, audit: audit(destination.name, detailOf(before, next, nowMs)) };
    });
    return show(destination, actor);
  });

  addRateEndpoints(add, parts, find, show);
}

function addRateEndpoints(
  add: AddEndpoint,
  parts: DestinationParts,
  find: (name: string) => Destination | undefined,
  show: (destination: Destination, actor: Actor) => Promise<AdminAnswer>,
): void {
  const { states, clock } = parts;
  add(
    'PUT /admin/destinations/:name/rate',
    { body: { schema: rateSchema, asks: RATE_ASKS } },
    async ({ actor, params, body, audit }) => {
      const destination = find(params.name!);
      if (destination === undefined) return unknown(parts);
      const untilMs = endOf(body.until);
      if (isPast(untilMs, clock)) return past(RATE_ASKS);
      const rate = { perSecond: parseRate(body.rate)!, untilMs };
      await states.change(destination.name, (before) => {
        const next = { ...before, rate };
        return { next, audit: audit(destination.name, detailOf(before, next, clock.nowMs())) };
      });
      return show(destination, actor);
    },
  );

  add('DELETE /admin/destinations/:name/rate', {}, async ({ actor, params, audit }) => {
    const destination = find(params.name!);
    if (destination === undefined) return unknown(parts);
    await states.change(destination.name, (before) => {
      if (before.rate === null) return { next: before };
      const next = { ...before, rate: null };
      return { next, audit: audit(destination.name, detailOf(before, next, clock.nowMs())) };
    });
    return show(destination, actor);
  });
}

function unknown({ destinations }: DestinationParts): AdminAnswer {
  const names = destinations().map(({ name }) => name);
  return refuse('not_found', `No destination of that name is configured; there are ${names.join(', ')}.`);
}

function past(asks: string): AdminAnswer {
  const errors = [{ field: '/until', message: 'must be a time that lies ahead' }];
  return refuse('invalid', asks, { errors });
}

function endOf(text: string | undefined): number | null {
  return text === undefined ? null : Date.parse(text);
}

function isPast(untilMs: number | null, clock: Clock): boolean {
  return untilMs !== null && untilMs <= clock.nowMs();
}

/** What a change changes, for the audit. */
function detailOf(before: DestinationState, after: DestinationState, nowMs: number) {
  return { before: factsOf(before, nowMs), after: factsOf(after, nowMs) };
}

function factsOf(state: DestinationState, nowMs: number): AuditDetail {
  const hold = holdAt(state, nowMs);
  const rate = overrideAt(state, nowMs);
  const untilMs = hold?.untilMs ?? rate?.untilMs ?? null;
  return {
    state: standingAt(state, nowMs),
    reason: hold?.reason ?? null,
    rate: rate === null ? null : rateText(rate.perSecond),
    until: untilMs === null ? null : timeText(untilMs),
  };
}
