import { z } from 'zod';
import { parseRate, RATE_TAKES } from '../../domain/rate.ts';
import { type DocumentPart, json, jsonBody, linkTo, referTo } from '../docs/operation.ts';
import { destinationSchema } from './destination-body.ts';
import { adminOperation } from './operation.ts';

const REASON_CHARS_MAX = 500;
const until = z.iso
  .datetime({ error: 'a time such as 2026-11-01T10:00:00Z' })
  .optional()
  .describe('When it ends by itself; it must lie ahead.');

/** What a hold is asked with. */
export const holdSchema = z.strictObject({
  reason: z
    .string(`a text of at most ${REASON_CHARS_MAX} characters`)
    .max(REASON_CHARS_MAX, `a text of at most ${REASON_CHARS_MAX} characters`)
    .refine((text) => text.isWellFormed() && !text.includes('\0'), 'a text without NUL')
    .optional()
    .describe('Shown with the destination and in the audit.'),
  until,
});
/** What a rate is asked with. */
export const rateSchema = z.strictObject({
  rate: z
    .string(RATE_TAKES)
    .refine((text) => parseRate(text) !== null, RATE_TAKES)
    .describe('Deliveries a second, of all nodes together: `50/s`.'),
  until,
});
export const HOLD_ASKS = 'Send {"reason"?, "until"?}: a text, and a time that lies ahead.';
export const RATE_ASKS = `Send {"rate", "until"?}: ${RATE_TAKES}, and a time that lies ahead.`;

const schemas = {
  Destination: destinationSchema,
  Destinations: z.object({ destinations: z.array(destinationSchema) }),
};
export type DestinationBody = z.output<typeof schemas.Destination>;
export type DestinationBodies = z.output<typeof schemas.Destinations>;
const ref = referTo(schemas);

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
