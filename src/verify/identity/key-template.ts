import type { KeyTemplate, RetryMark } from '../provider.ts';
import { compileLocator, type Reader } from '../read/locate.ts';
import type { Scope } from '../read/scope.ts';
import { type CompiledTemplate, compileTemplate } from '../read/template.ts';
import type { Locator, Template } from '../scheme.ts';
import { SchemeError } from '../scheme-error.ts';

export const BODY_HASH: Template = 'sha256:{body_sha256_hex}';

export type CompiledKey = Readonly<{
  template: CompiledTemplate;
  matches: readonly Readonly<{ reader: Reader; pattern: RegExp }>[];
  absent: readonly Reader[];
  holdsSeconds: number | null;
  madeOf: 'id' | 'body';
}>;

/** @throws SchemeError if a template, locator or pattern is wrong */
export function compileKey(key: KeyTemplate): CompiledKey {
  const { of, matches = {}, absent = [], holdsSeconds = null } = typeof key === 'string' ? { of: key } : key;
  const template = compileOrThrow(compileTemplate(of));
  return {
    template,
    matches: Object.entries(matches).map(([locator, text]) => ({
      reader: readerOf(locator),
      pattern: new RegExp(`^(?:${text})$`),
    })),
    absent: absent.map(readerOf),
    holdsSeconds,
    // A key without any locator of the sender's is the body's hash in the user's words.
    madeOf: template.words.includes('body_sha256_hex') && template.readers.length === 0 ? 'body' : 'id',
  };
}

/** The key's text, or null where the key does not apply. */
export function readKey({ template, matches, absent }: CompiledKey, scope: Scope): string | null {
  for (const { reader, pattern } of matches) {
    const text = reader.one(scope);
    if (text === null || !pattern.test(text)) return null;
  }
  if (absent.some((reader) => reader.values(scope).length > 0)) return null;
  const text = template.text(scope, 'complete');
  return text === '' ? null : text;
}

export type CompiledMark = Readonly<{
  template: CompiledTemplate;
  when: readonly Reader[];
  matches: CompiledKey['matches'];
  windowSeconds: number;
}>;

/** @throws SchemeError if a template or locator is wrong */
export function compileMark({ of = BODY_HASH, when, matches = {}, windowSeconds }: RetryMark): CompiledMark {
  const key = compileKey({ of, matches });
  return { template: key.template, when: when.map(readerOf), matches: key.matches, windowSeconds };
}

/** The mark's text, or null where nothing is there that differs between events and repeats in retries. */
export function readMark(mark: CompiledMark, scope: Scope): string | null {
  const isTold = mark.when.some((reader) => reader.all(scope).some((text) => text !== ''));
  if (!isTold) return null;
  return readKey(
    { template: mark.template, matches: mark.matches, absent: [], holdsSeconds: null, madeOf: 'body' },
    scope,
  );
}

function readerOf(locator: Locator): Reader {
  return compileOrThrow(compileLocator(locator));
}

function compileOrThrow<T>(
  compiled: Readonly<{ ok: true; value: T }> | Readonly<{ ok: false; problem: string }>,
): T {
  if (!compiled.ok) throw new SchemeError([compiled.problem]);
  return compiled.value;
}
