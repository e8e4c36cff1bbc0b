import type { z } from 'zod';
import { readDatabaseUrl } from '../domain/database-url.ts';
import { knownVariables } from './env.ts';
import { showHidden } from './show.ts';

/** What is wrong with the text of a secret or token, in words that follow its description. */
export type SecretFlaw = 'with white space at its ends' | 'in quotes';

const SPACE_AT_ENDS = /^[\s\u200b-\u200d\u2060]|[\s\u200b-\u200d\u2060]$/;
const IN_QUOTES = /^(?:".*"|'.*'|`.*`|“.*”|‘.*’)$/s;

/**
 * Finds what a file, a shell or an editor adds to a secret: the line break at the end of a file, quotes of a .env
 * file. With it no signature ever matches, which would show only as refused requests.
 */
export function findSecretFlaw(text: string): SecretFlaw | null {
  if (SPACE_AT_ENDS.test(text)) return 'with white space at its ends';
  return IN_QUOTES.test(text) ? 'in quotes' : null;
}

const URL_PASSWORD = /^[a-z]+:\/\/[^:/?#@]*:([^/?#]*)@/i;

/** Finds what is wrong with the text of a secret variable: with the text, or with the password of a URL. */
export function findVariableFlaw(text: string): string | null {
  const flaw = findSecretFlaw(text);
  if (flaw !== null) return flaw;
  const reading = readDatabaseUrl(text);
  const url = URL.parse(reading.kind === 'read' ? reading.url.servers[0] : text);
  const inQuery = url?.searchParams.get('password') ?? '';
  const passwords = [decoded(URL_PASSWORD.exec(text)?.[1] ?? ''), inQuery];
  const passwordFlaw = passwords.map(findSecretFlaw).find((found) => found !== null);
  return passwordFlaw === undefined ? null : `with a password ${passwordFlaw}`;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export const SECRET_FLAW_TAKES = 'one without white space at its ends, and not in quotes';

/** Adds the check to a field of the config file. The problem names the variable that the text comes from, if any. */
export function withoutSecretFlaw<T extends z.ZodType<string>>(field: T) {
  return field.superRefine((text, context) => {
    const got = describeFlaw(text);
    if (got !== null)
      context.addIssue({ code: 'custom', message: SECRET_FLAW_TAKES, params: { got }, continue: false });
  });
}

function describeFlaw(text: string): string | null {
  for (const [name, value] of knownVariables()) {
    const flaw = isPartOf(text, value) ? findSecretFlaw(value) : null;
    if (flaw !== null) return `the value of ${name}, ${showHidden(value)} ${flaw}`;
  }
  const flaw = findSecretFlaw(text);
  return flaw === null ? null : `${showHidden(text)} ${flaw}`;
}

/** A shorter value may be part of a text by chance. */
const PART_CHARS_MIN = 8;

/** Whether the text is the value, or was put together with it. */
function isPartOf(text: string, value: string): boolean {
  return value !== '' && (text === value || (value.length >= PART_CHARS_MIN && text.includes(value)));
}
