import { isIP } from 'node:net';
import { z } from 'zod';
import { DATABASE_URL_TAKES, type DatabaseUrlReading, readDatabaseUrl } from '../domain/database-url.ts';
import { LOG_FORMATS, LOG_LEVELS, type LogFormat, type LogLevel } from '../observe/log-level.ts';
import { isWithin, type NumberRange } from '../schema/number-range.ts';
import { isHttpUrl } from './destination-fields.ts';
import { PATH_CHARS_MAX, URL_CHARS_MAX } from './limits.ts';

/** Parses the text of an environment variable; `takes` describes valid texts, and so does the message of every error. */
export type Kind<T> = Readonly<{ takes: string; schema: z.ZodType<T, string> }>;

// Number() would also take " 5", "0x10", "1e3" and "Infinity": a typing error must not become a number.
const WHOLE = /^(0|[1-9]\d*)$/;
const DECIMAL = /^(0|[1-9]\d*)(\.\d+)?$/;

/** A number in plain decimal digits within the range. */
export function numberText(range: NumberRange): Kind<number> {
  const syntax = range.whole ? WHOLE : DECIMAL;
  return kindOf(range.takes, (text) => {
    const value = syntax.test(text) ? Number(text) : Number.NaN;
    return isWithin(range, value) ? value : undefined;
  });
}

const LEVEL_WORDS: ReadonlyMap<string, LogLevel> = new Map<string, LogLevel>([
  ...LOG_LEVELS.map((level) => [level, level] as const),
  ['warning', 'warn'],
  ['critical', 'fatal'],
]);

export const logLevel: Kind<LogLevel> = kindOf(
  'DEBUG, INFO, WARN (or WARNING), ERROR, FATAL (or CRITICAL), in upper or lower case',
  (text) => LEVEL_WORDS.get(text.toLowerCase()),
);

export const logFormat: Kind<LogFormat> = kindOf(LOG_FORMATS.join(' or '), (text) =>
  LOG_FORMATS.find((format) => format === text),
);

const HOST_NAME =
  /^(?=.{1,253}$)[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*$/;
const NUMBERS_AND_DOTS = /^[\d.]+$/;

export const listenHost: Kind<string> = kindOf('an IP address or a host name, without a port', (text) => {
  // "1.2.3" has the shape of a host name, but is a mistyped address.
  const isName = HOST_NAME.test(text) && !NUMBERS_AND_DOTS.test(text);
  return isIP(text) !== 0 || isName ? text : undefined;
});

export const filePath: Kind<string> = kindOf('the path of a file', (text) =>
  isFilePath(text) ? text : undefined,
);

/** Excludes in-memory databases: SQLite would acknowledge events that a restart loses. */
function isFilePath(text: string): boolean {
  if (text.length > PATH_CHARS_MAX || text.includes('\0')) return false;
  return !text.startsWith(':memory:') && !text.startsWith('file:') && !/[/\\]$/.test(text);
}

export const databaseUrl: Kind<string> = {
  takes: DATABASE_URL_TAKES,
  schema: z.string().superRefine((text, context) => {
    const reading = text.length > URL_CHARS_MAX ? WRONG_DATABASE_URL : readDatabaseUrl(text);
    if (reading.kind === 'wrong') context.addIssue({ code: 'custom', message: reading.takes });
  }),
};

const WRONG_DATABASE_URL: DatabaseUrlReading = { kind: 'wrong', takes: DATABASE_URL_TAKES };

/** The beginning of URLs, without its trailing slash. */
export const publicBase: Kind<string> = kindOf(
  'an http or https URL without query and fragment, such as https://hooks.example.com',
  (text) => (isHttpUrl(text) && !/[?#]/.test(text) ? text.replace(/\/+$/, '') : undefined),
);

// The token is sent in a header: every client can send visible ASCII.
const TOKEN = /^[\x21-\x7e]{16,1024}$/;

export const secretToken: Kind<string> = kindOf(
  '16 to 1024 visible ASCII characters without spaces',
  (text) => (TOKEN.test(text) ? text : undefined),
);

export const apiKey: Kind<string> = kindOf('8 to 1024 visible ASCII characters without spaces', (text) =>
  /^[\x21-\x7e]{8,1024}$/.test(text) ? text : undefined,
);

const BROKER_PROTOCOLS: ReadonlySet<string> = new Set(['redis:', 'rediss:', 'amqp:', 'amqps:']);

// A further node of a Redis Cluster: a name or an address, and a port.
const NODE = /^(?:[\w.-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?$/i;

export const brokerUrl: Kind<string> = kindOf('a redis://, rediss://, amqp:// or amqps:// URL', (text) => {
  if (text.length > URL_CHARS_MAX) return undefined;
  const url = URL.parse(text);
  if (url === null || !BROKER_PROTOCOLS.has(url.protocol) || url.hostname === '') return undefined;
  const nodes = url.searchParams.get('nodes')?.split(',') ?? [];
  // The pattern alone would accept ports beyond 65535.
  return nodes.every((node) => NODE.test(node) && URL.canParse(`redis://${node}`)) ? text : undefined;
});

/** A URL with a place for a trace's id. */
export const traceUrl: Kind<string> = kindOf(
  'an http or https URL with {trace_id} in it, such as https://traces.example.com/trace/{trace_id}',
  (text) => (text.includes('{trace_id}') && isHttpUrl(text.replaceAll('{trace_id}', '0')) ? text : undefined),
);

/** Makes a kind of a parser that returns undefined for invalid texts. */
export function kindOf<T>(takes: string, parse: (text: string) => T | undefined): Kind<T> {
  const schema = z.string().transform((text, context) => {
    const value = parse(text);
    if (value !== undefined) return value;
    context.addIssue({ code: 'custom', message: takes });
    return z.NEVER;
  });
  return { takes, schema };
}
