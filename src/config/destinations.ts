import { resolve } from 'node:path';
import { z } from 'zod';
import { BREAKER_DEFAULTS, type BreakerRules } from '../domain/breaker.ts';
import type { DestinationOrder } from '../domain/order.ts';
import type { RetryPolicy } from '../domain/retry-policy.ts';
import type { Target } from '../handlers/target.ts';
import { numberField } from '../schema/number-range.ts';
import { part, strict } from '../schema/strict-object.ts';
import type { DestinationConfig } from './config.ts';
import {
  globsField,
  handlerField,
  headersField,
  methodField,
  onFailureField,
  orderByField,
  queryField,
  rateField,
  secretField,
  statusesField,
  urlField,
} from './destination-fields.ts';
import { isFileAt } from './file.ts';
import { LIMITS, milliseconds } from './limits.ts';
import { pathText } from './problems.ts';
import { isObject, rawNamed } from './raw-named.ts';
import type { EnvValues } from './settings.ts';
import { show } from './show.ts';

const retryShape = {
  maxAttempts: numberField(LIMITS.attempts).optional(),
  baseDelaySeconds: numberField(LIMITS.retryBaseSeconds).optional(),
  maxDelaySeconds: numberField(LIMITS.retryMaxSeconds).optional(),
  jitter: numberField(LIMITS.share).optional(),
};

export const retrySchema = part(retryShape);

const breakerSchema = z.union(
  [
    z.literal(false),
    part({
      failures: numberField(LIMITS.breakerFailures).optional(),
      events: numberField(LIMITS.breakerEvents).optional(),
    }),
  ],
  'false, or an object with failures or events',
);

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
  method: methodField.optional(),
  query: queryField.optional(),
  format: z.literal('slack', '"slack", or nothing for JSON').optional(),
  retry: retrySchema.optional(),
  orderBy: orderByField.optional(),
  onFailure: onFailureField.optional(),
  rate: rateField.optional(),
  breaker: breakerSchema.optional(),
};

const HTTP_ONLY = ['secret', 'headers', 'permanentStatuses', 'method', 'query', 'format'] as const;

export const destinationSchema = strict(destinationShape, `an object with url or handler`).superRefine(
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
  // Also when single fields are invalid, so that all problems are reported at once.
  { when: ({ value }) => isObject(value) },
);

export type DestinationValues = z.output<typeof destinationSchema>;

/** Makes the destinations of values that are right: all defaults filled in, all times in milliseconds. */
export function toDestinations(
  env: EnvValues,
  entries: readonly (readonly [string, DestinationValues])[],
  folder: string,
): DestinationConfig[] {
  if (entries.length === 0) return [simulator(env)];
  return entries.map(([name, values]) => ({
    ...toRules(env, name, values),
    target: toTarget(values, folder),
  }));
}

/** The destination that stands in while none is configured. */
function simulator(env: EnvValues): DestinationConfig {
  const target: Target = {
    kind: 'simulator',
    minMs: milliseconds(env.SIMULATED_MIN_SECONDS),
    maxMs: milliseconds(env.SIMULATED_MAX_SECONDS),
    failureRate: env.SIMULATED_FAILURE_RATE,
  };
  return { ...toRules(env, 'simulator', {}), target };
}

function toRules(env: EnvValues, name: string, values: DestinationValues) {
  return {
    name,
    sources: values.sources ?? ['*'],
    events: values.events ?? ['*'],
    concurrency: values.concurrency ?? env.WORKER_COUNT,
    timeoutMs: milliseconds(values.timeoutSeconds ?? env.HANDLER_TIMEOUT),
    retry: toRetry(env, values.retry ?? {}),
    order: toOrder(values),
    rate: values.rate ?? null,
    breaker: toBreaker(values),
  };
}

/** A failure blocks its key by default: a skipped delivery cannot be put in order again. */
function toOrder({ orderBy, onFailure = 'block' }: DestinationValues): DestinationOrder | null {
  return orderBy === undefined ? null : { by: orderBy, onFailure };
}

function toBreaker({ breaker = {} }: DestinationValues): BreakerRules | null {
  if (breaker === false) return null;
  const failures = breaker.failures ?? BREAKER_DEFAULTS.failures;
  return { failures, events: Math.min(breaker.events ?? BREAKER_DEFAULTS.events, failures) };
}

export function toRetry(env: EnvValues, values: NonNullable<DestinationValues['retry']>): RetryPolicy {
  return {
    maxAttempts: values.maxAttempts ?? env.MAX_ATTEMPTS,
    baseDelayMs: milliseconds(values.baseDelaySeconds ?? env.RETRY_BASE_DELAY),
    maxDelayMs: milliseconds(values.maxDelaySeconds ?? env.RETRY_MAX_DELAY),
    jitter: values.jitter ?? env.RETRY_JITTER,
  };
}

function toTarget({ url, handler, ...http }: DestinationValues, folder: string): Target {
  if (typeof handler === 'function') return { kind: 'function', handle: handler };
  if (typeof handler === 'string') return { kind: 'module', path: handlerPath(folder, handler) };
  return {
    kind: 'http',
    // The schema requires one of url and handler.
    url: url!,
    headers: http.headers ?? {},
    secret: http.secret ?? null,
    permanentStatuses: http.permanentStatuses ?? [],
    method: http.method ?? 'event',
    query: http.query ?? 'forward',
    ...(http.format !== undefined && { format: http.format }),
  };
}

/** The absolute path of a handler's module, which is written relative to the config file. */
function handlerPath(folder: string, handler: string): string {
  return resolve(folder, handler);
}

/** Finds handlers whose module does not exist: better reported at start-up than by the first event. */
export async function checkHandlerPaths(file: unknown, folder: string): Promise<string[]> {
  const lines = await Promise.all(
    rawNamed(file, 'destinations').map(([name, { handler }]) => checkHandlerPath(name, handler, folder)),
  );
  return lines.flat();
}

async function checkHandlerPath(destination: string, handler: unknown, folder: string): Promise<string[]> {
  if (typeof handler !== 'string' || handler === '' || handler.includes('\0')) return [];
  const path = handlerPath(folder, handler);
  if (await isFileAt(path)) return [];
  const at = pathText(['destinations', destination, 'handler']);
  return [`${at}: got ${show(handler)}, takes the path of a module that is there; ${path} is not`];
}
