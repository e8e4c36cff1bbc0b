import { ReconcileError } from './provider-api.ts';

type RawJson = Readonly<{ rawJSON: string }>;
/** Of ES2026, which the library of types does not have yet. */
const exact = JSON as unknown as Readonly<{
  rawJSON(text: string): RawJson;
  parse(
    text: string,
    reviver: (key: string, value: unknown, context: Readonly<{ source?: string }>) => unknown,
  ): unknown;
}>;

/**
 * Parses an answer so that JSON.stringify writes every number as it came, however long.
 * @throws ReconcileError if it is no JSON
 */
export function readAnswer(provider: string, text: string): unknown {
  try {
    return exact.parse(text, (_key, value, { source }) =>
      typeof value === 'number' && source !== undefined && String(value) !== source
        ? exact.rawJSON(source)
        : value,
    );
  } catch (cause) {
    throw new ReconcileError(`${provider} answered what is no JSON`, { cause });
  }
}

/** A number as it came, or a text; null for anything else. */
export function asText(value: unknown): string | null {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return String(value);
  const raw = (value as RawJson | null)?.rawJSON;
  return typeof raw === 'string' ? raw : null;
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** @throws ReconcileError */
export function contradiction(provider: string, what: string): never {
  throw new ReconcileError(`${provider} contradicts itself: ${what}. Nothing more was done; run it again`);
}
