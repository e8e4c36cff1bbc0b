import { validateHeaderName, validateHeaderValue } from 'node:http';
import { z } from 'zod';
import { ON_FAILURE } from '../domain/order.ts';
import { parseRate, RATE_MIN, RATE_TAKES } from '../domain/rate.ts';
import { keyLocatorMistake } from '../ingest/order-key.ts';
import { numberField } from '../schema/number-range.ts';
import { TEXT_CHARS_MAX } from '../verify/limits.ts';
import { checkedText } from '../verify/schema/locator-fields.ts';
import type { UserHandler } from './define-config.ts';
import {
  GLOB_CHARS_MAX,
  GLOBS_MAX,
  HEADER_VALUE_CHARS_MAX,
  HEADERS_MAX,
  LIMITS,
  PATH_CHARS_MAX,
  STATUSES_MAX,
  URL_CHARS_MAX,
} from './limits.ts';
import { withoutSecretFlaw } from './secret-text.ts';

/** The message of every field is what the field takes; problems.ts puts the path and the given value before it. */

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** The name of a source or destination. It is part of URLs, labels and file names. */
export const nameField = z
  .string()
  .regex(NAME, '1 to 64 letters, digits, ".", "_" and "-", the first a letter or digit');

const GLOB_TAKES = `a glob of 1 to ${GLOB_CHARS_MAX} characters`;
const GLOBS_TAKES = `a list of 1 to ${GLOBS_MAX} globs`;

/** A filter. An empty one would match nothing, which is never intended. */
export const globsField = z
  .array(
    z.string(GLOB_TAKES).refine((glob) => isBetween(1, glob.length, GLOB_CHARS_MAX), GLOB_TAKES),
    GLOBS_TAKES,
  )
  .refine((globs) => isBetween(1, globs.length, GLOBS_MAX), GLOBS_TAKES)
  .readonly();

const URL_TAKES = `an http or https URL of at most ${URL_CHARS_MAX} characters`;
const CREDENTIALS_TAKES = 'a URL without user name and password: put credentials into headers';

export const urlField = z
  .string(URL_TAKES)
  .refine(isHttpUrl, URL_TAKES)
  .refine((text) => !isHttpUrl(text) || hasNoCredentials(new URL(text)), CREDENTIALS_TAKES);

/** Whether a text is an absolute http or https URL. */
export function isHttpUrl(text: string): boolean {
  if (text.length > URL_CHARS_MAX || /\s/.test(text)) return false;
  return /^https?:$/.test(URL.parse(text)?.protocol ?? '');
}

function hasNoCredentials(url: URL): boolean {
  return url.username === '' && url.password === '';
}

const SECRET_PREFIX = 'whsec_';
const SECRET_TAKES = `a Standard Webhooks secret: "${SECRET_PREFIX}" and the base64 of 24 to 64 bytes`;

export const secretField = withoutSecretFlaw(z.string(SECRET_TAKES)).refine(isWebhookSecret, SECRET_TAKES);

function isWebhookSecret(text: string): boolean {
  if (!text.startsWith(SECRET_PREFIX)) return false;
  const encoded = text.slice(SECRET_PREFIX.length);
  const bytes = Buffer.from(encoded, 'base64');
  // Buffer ignores characters that are not base64: a valid text encodes back to itself.
  return isBetween(24, bytes.length, 64) && bytes.toString('base64') === encoded;
}

/** Headers that belong to the connection or to the receiver itself. */
const RESERVED_HEADERS: ReadonlySet<string> = new Set([
  ...[
    'connection',
    'keep-alive',
    'proxy-authenticate',
    'proxy-authorization',
    'proxy-connection',
    'te',
    'trailer',
  ],
  ...['transfer-encoding', 'upgrade', 'host', 'content-length', 'expect'],
  ...['idempotency-key', 'webhook-event-id', 'webhook-attempt', 'webhook-origin'],
  ...['webhook-id', 'webhook-timestamp', 'webhook-signature'],
]);

const HEADER_NAME_TAKES =
  'a header name that is neither the connection\'s (such as "host" and "content-length") nor the receiver\'s own';
const HEADER_VALUE_TAKES = `a header value of at most ${HEADER_VALUE_CHARS_MAX} characters without control characters`;
const HEADERS_TAKES = `an object of at most ${HEADERS_MAX} headers, each name once in upper or lower case`;

export const headersField = z
  .record(
    z.string().refine(isFreeHeaderName, HEADER_NAME_TAKES),
    withoutSecretFlaw(z.string(HEADER_VALUE_TAKES)).refine(isHeaderValue, HEADER_VALUE_TAKES),
    HEADERS_TAKES,
  )
  .refine(areFewAndDistinct, HEADERS_TAKES)
  .readonly();

function isFreeHeaderName(name: string): boolean {
  return !RESERVED_HEADERS.has(name.toLowerCase()) && passes(() => validateHeaderName(name));
}

function isHeaderValue(value: string): boolean {
  return value.length <= HEADER_VALUE_CHARS_MAX && passes(() => validateHeaderValue('x', value));
}

function areFewAndDistinct(headers: Readonly<Record<string, string>>): boolean {
  const names = Object.keys(headers);
  return (
    names.length <= HEADERS_MAX && new Set(names.map((name) => name.toLowerCase())).size === names.length
  );
}

const ORDER_BY_TAKES = 'where a key is, such as body:/payload/order_id or header:X-Account';

const STATUSES_TAKES = `a list of at most ${STATUSES_MAX} HTTP statuses from 300 to 599`;

export const statusesField = z
  .array(numberField(LIMITS.permanentStatus), STATUSES_TAKES)
  .refine((statuses) => statuses.length <= STATUSES_MAX, STATUSES_TAKES)
  .readonly();

/** The locator of a destination's order key. The message ends with what is wrong with the locator. */
export const orderByField = checkedText(ORDER_BY_TAKES, (text) => {
  if (text.length > TEXT_CHARS_MAX) return `${ORDER_BY_TAKES} of at most ${TEXT_CHARS_MAX} characters`;
  const mistake = keyLocatorMistake(text);
  return mistake === null ? null : `${ORDER_BY_TAKES}: ${mistake}`;
});

/** @see parseRate */
export const rateField = z.string(RATE_TAKES).transform((text, context) => {
  const rate = parseRate(text);
  if (rate === null) context.addIssue({ code: 'custom', message: RATE_TAKES });
  return rate ?? RATE_MIN;
});

export const methodField = z.literal('POST', '"POST", or nothing for the event\'s own method');

export const queryField = z.literal('drop', '"drop", or nothing to forward the event\'s query');

export const onFailureField = z.enum(ON_FAILURE, ON_FAILURE.map((word) => `"${word}"`).join(' or '));

/** `checkHandlerPaths` in destinations.ts checks that the module exists, since a path is relative to the config file. */
export const handlerField = z.custom<UserHandler | string>(
  (value) => typeof value === 'function' || (typeof value === 'string' && isPath(value)),
  // `custom` aborts by default, which would hide problems of the destination's other fields.
  { error: 'a function or the path of a module', abort: false },
);

function isPath(text: string): boolean {
  return isBetween(1, text.length, PATH_CHARS_MAX) && !text.includes('\0');
}

function isBetween(min: number, value: number, max: number): boolean {
  return value >= min && value <= max;
}

function passes(validate: () => void): boolean {
  try {
    validate();
    return true;
  } catch {
    return false;
  }
}
