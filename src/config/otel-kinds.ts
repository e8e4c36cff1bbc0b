import { validateHeaderName, validateHeaderValue } from 'node:http';
import { isHttpUrl } from './destination-fields.ts';
import { type Kind, kindOf } from './env-kinds.ts';
import { URL_CHARS_MAX } from './limits.ts';

/** One of a few words. */
export function oneOf<Word extends string>(words: readonly Word[]): Kind<Word> {
  const takes = words.length === 1 ? words[0]! : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
  return kindOf(takes, (text) => words.find((word) => word === text));
}

export const text: Kind<string> = kindOf('a text', (given) => given);

/** OpenTelemetry's booleans: any case, and true only for "true". */
export const flag: Kind<boolean> = kindOf('true or false', (text) => {
  const word = text.toLowerCase();
  return word === 'true' ? true : word === 'false' ? false : undefined;
});

/** Where OTLP is sent. */
export const otlpUrl: Kind<string> = kindOf('an http or https URL, such as http://localhost:4318', (text) =>
  text.length <= URL_CHARS_MAX && isHttpUrl(text) && !text.includes('#') ? text : undefined,
);

export type Pairs = Readonly<Record<string, string>>;

/** `name=value,…`, with values percent-encoded, as in W3C Baggage. */
export const pairs: Kind<Pairs> = kindOf(
  'pairs such as deployment.environment.name=production,team=orders',
  readPairs,
);

/** The same, for headers; it is a secret, so no example shows one. */
export const headerPairs: Kind<Pairs> = kindOf('headers as name=value, divided by commas', (text) => {
  const read = readPairs(text);
  return read !== undefined && Object.entries(read).every(isHeader) ? read : undefined;
});

/** The propagators by which contexts are read and passed on. */
export const propagators: Kind<string> = kindOf(
  'tracecontext, alone or with baggage, which is not passed on',
  (text) => {
    const words = text.split(',').map((word) => word.trim());
    const isKnown = words.every((word) => word === 'tracecontext' || word === 'baggage');
    return isKnown && words.includes('tracecontext') ? text : undefined;
  },
);

function readPairs(text: string): Pairs | undefined {
  const entries: [string, string][] = [];
  for (const pair of text.split(',')) {
    if (pair.trim() === '') continue;
    const at = pair.indexOf('=');
    const name = decoded(pair.slice(0, Math.max(at, 0)));
    const value = decoded(pair.slice(at + 1));
    if (!name || value === undefined) return undefined;
    entries.push([name, value]);
  }
  return Object.fromEntries(entries);
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text.trim());
  } catch {
    return undefined;
  }
}

function isHeader([name, value]: readonly [string, string]): boolean {
  try {
    validateHeaderName(name);
    validateHeaderValue(name, value);
    return true;
  } catch {
    return false;
  }
}
