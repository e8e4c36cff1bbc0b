import { z } from 'zod';
import { numberField } from '../schema/number-range.ts';
import { part, strict } from '../schema/strict-object.ts';
import {
  globsField,
  handlerField,
  headersField,
  nameField,
  onFailureField,
  orderByField,
  secretField,
  statusesField,
  urlField,
} from './file-fields.ts';
import { isObject } from './is-object.ts';
import { LIMITS, NAMED_MAX } from './limits.ts';
import { SETTING_FIELDS } from './settings.ts';
import { sourceSchema } from './source-schema.ts';

/** The environment: texts in, values out. Variables of others are passed over. */
export const envSchema = z.object(SETTING_FIELDS);
export type EnvValues = z.output<typeof envSchema>;

const retryShape = {
  maxAttempts: numberField(LIMITS.attempts).optional(),
  baseDelaySeconds: numberField(LIMITS.retryBaseSeconds).optional(),
  maxDelaySeconds: numberField(LIMITS.retryMaxSeconds).optional(),
  jitter: numberField(LIMITS.share).optional(),
};

export const retrySchema = part(retryShape);

const destinationShape = {
  url: urlField.optional(),
  handler: handlerField.optional(),
  sources: globsField.optional(),
  events: globsField.optional(),
  concurrency: numberField(LIMITS.workers).optional(),
  timeoutSeconds: numberField(LIMITS.timeoutSeconds).optional(),
  // Exact: `secret: process.env.TYPING_SLIP` must stop start-up, not leave requests unsigned.
  secret: secretField.exactOptional(),
  headers: headersField.optional(),
  permanentStatuses: statusesField.optional(),
  retry: retrySchema.optional(),
  orderBy: orderByField.optional(),
  onFailure: onFailureField.optional(),
};

const HTTP_ONLY = ['secret', 'headers', 'permanentStatuses'] as const;

const destinationSchema = strict(destinationShape, `an object with url or handler`).superRefine(
  (destination, context) => {
    const { url, handler } = destination;
    if ((url === undefined) === (handler === undefined)) {
      const got = url === undefined ? 'neither url nor handler' : 'both url and handler';
      context.addIssue({ code: 'custom', message: 'exactly one of the two', params: { got } });
    }
    if (destination.onFailure !== undefined && destination.orderBy === undefined) {
      const params = { got: 'a value without orderBy' };
      context.addIssue({
        code: 'custom',
        path: ['onFailure'],
        message: 'a value only beside orderBy',
        params,
      });
    }
    if (url !== undefined || handler === undefined) return;
    for (const key of HTTP_ONLY.filter((name) => destination[name] !== undefined)) {
      const params = { got: 'a value beside handler' };
      context.addIssue({ code: 'custom', path: [key], message: 'a value only beside url', params });
    }
  },
  // Also when single fields are wrong: all mistakes are told at once.
  { when: ({ value }) => isObject(value) },
);

/** The value of a config file. */
export const fileSchema = strict(
  {
    sources: named(sourceSchema, 'sources').optional(),
    destinations: named(destinationSchema, 'destinations').optional(),
  },
  'an object with sources and destinations',
);
export type FileValues = z.output<typeof fileSchema>;
export type SourceValues = z.output<typeof sourceSchema>;
export type DestinationValues = z.output<typeof destinationSchema>;

function named<T extends z.ZodType>(schema: T, noun: string) {
  const takes = `an object of at most ${NAMED_MAX} ${noun} by name`;
  return z
    .record(nameField, schema, takes)
    .refine((value) => Object.keys(value).length <= NAMED_MAX, takes)
    .readonly();
}
