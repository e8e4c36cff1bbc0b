import { z } from 'zod';
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
import { parseRate, RATE_TAKES, rateText } from '../../domain/rate.ts';
import type { Clock } from '../../runtime/clock.ts';
import { type DocumentPart, json, jsonBody, linkTo, referTo } from '../docs/operation.ts';
import { timeText } from '../schemas.ts';
import { type AdminAnswer, done, refuse } from './answer.ts';
import { type DestinationBodyParts, destinationBody, destinationSchema } from './destination-body.ts';
import type { AddEndpoint } from './endpoint.ts';
import { adminOperation } from './operation.ts';
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

const REASON_CHARS_MAX = 500;
const until = z.iso
  .datetime({ error: 'a time such as 2026-11-01T10:00:00Z' })
  .optional()
  .describe('When it ends by itself; it must lie ahead.');

const holdSchema = z.strictObject({
  reason: z
    .string(`a text of at most ${REASON_CHARS_MAX} characters`)
    .max(REASON_CHARS_MAX, `a text of at most ${REASON_CHARS_MAX} characters`)
    .refine((text) => text.isWellFormed() && !text.includes('\0'), 'a text without NUL')
    .optional()
    .describe('Shown with the destination and in the audit.'),
  until,
});
const rateSchema = z.strictObject({
  rate: z
    .string(RATE_TAKES)
    .refine((text) => parseRate(text) !== null, RATE_TAKES)
    .describe('Deliveries a second, of all nodes together: `50/s`.'),
  until,
});
const HOLD_ASKS = 'Send {"reason"?, "until"?}: a text, and a time that lies ahead.';
const RATE_ASKS = `Send {"rate", "until"?}: ${RATE_TAKES}, and a time that lies ahead.`;

const schemas = {
  Destination: destinationSchema,
  Destinations: z.object({ destinations: z.array(destinationSchema) }),
};
export type DestinationBody = z.output<typeof schemas.Destination>;
export type DestinationBodies = z.output<typeof schemas.Destinations>;
const ref = referTo(schemas);

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

const nameParameter = {
  name: 'name',
  in: 'path',
  required: true,
  description: 'Name of the destination.',
  schema: { type: 'string' },
};
const answer = (description: string) => ({
  '200': json(description, ref('Destination'), {
    hold: linkTo('holdDestination', { name: '$response.body#/name' }),
    resume: linkTo('resumeDestination', { name: '$response.body#/name' }),
  }),
});

export const destinationDocument: DocumentPart = {
  schemas,
  paths: {
    '/admin/destinations': {
      get: adminOperation({
        operationId: 'listDestinations',
        summary: 'Destinations, and whether they are held, tripped or limited',
        replies: { '200': json('In configured order.', ref('Destinations')) },
      }),
    },
    '/admin/destinations/{name}': {
      get: adminOperation({
        operationId: 'getDestination',
        summary: 'One destination',
        parameters: [nameParameter],
        replies: answer('The destination.'),
      }),
    },
    '/admin/destinations/{name}/hold': {
      post: adminOperation({
        operationId: 'holdDestination',
        summary: 'Give it no more deliveries; what is accepted waits, and no try is charged',
        parameters: [nameParameter],
        requestBody: jsonBody(holdSchema),
        replies: answer('It is held: what is at work ends, and nothing new begins.'),
      }),
    },
    '/admin/destinations/{name}/resume': {
      post: adminOperation({
        operationId: 'resumeDestination',
        summary: 'End the hold, or close the breaker',
        parameters: [nameParameter],
        replies: answer('It gets deliveries again.'),
      }),
    },
    '/admin/destinations/{name}/rate': {
      put: adminOperation({
        operationId: 'limitDestination',
        summary: 'Give it at most so many deliveries a second, in place of its configured rate',
        parameters: [nameParameter],
        requestBody: jsonBody(rateSchema),
        replies: answer('The rate is in force.'),
      }),
      delete: adminOperation({
        operationId: 'unlimitDestination',
        summary: 'Back to the configured rate',
        parameters: [nameParameter],
        replies: answer('The override is gone.'),
      }),
    },
  },
};
