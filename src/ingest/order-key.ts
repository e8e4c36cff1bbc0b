import type { Destination } from '../domain/destination.ts';
import type { Addressee } from '../domain/order.ts';
import { keyText, type SearchKey } from '../domain/search-key.ts';
import type { Emit } from '../events.ts';
import { compileLocator, type LocatorKind, type Reader } from '../verify/read/locate.ts';
import { scopeOf } from '../verify/read/scope.ts';
import { type SignedRequest, viewOf } from '../verify/read/signed-request.ts';

/** Where an order key or a search key may be. */
const KEY_KINDS: readonly LocatorKind[] = ['header', 'query', 'body', 'form', 'xml'];

/** What is wrong with a locator of an order key or a search key, else null. */
export function keyLocatorMistake(locator: string): string | null {
  const compiled = compileLocator(locator);
  if (!compiled.ok) return compiled.problem;
  const { kind, isList } = compiled.value;
  if (isList) return `the locator "${locator}" may find several values`;
  if (KEY_KINDS.includes(kind)) return null;
  return `the locator "${locator}" begins with none of ${KEY_KINDS.map((known) => `${known}:`).join(' ')}`;
}

/** Gives each destination of an event the key that its delivery is ordered by, if it has order and a key is there. */
export type Address = (
  source: string,
  request: SignedRequest,
  destinations: readonly string[],
) => readonly Addressee[];

/**
 * Compiles the locators of all destinations once. An event in which no key is found is told and flows without order:
 * nobody could say what it has to wait for.
 */
export function createAddress(
  destinations: readonly Pick<Destination, 'name' | 'order'>[],
  emit: Emit,
): Address {
  const readers = new Map(
    destinations.flatMap(({ name, order }) => (order === null ? [] : [[name, readerOf(order.by)] as const])),
  );
  if (readers.size === 0) return (_source, _request, names) => names;

  return (source, request, names) => {
    if (!names.some((name) => readers.has(name))) return names;
    // One view for all of them, so that nothing is parsed twice.
    const scope = scopeOf(viewOf(request), {});
    return names.map((destination) => {
      const reader = readers.get(destination);
      if (reader === undefined) return destination;
      const text = reader.one(scope);
      if (text !== null) return { destination, orderKey: keyText(text) };
      emit({ type: 'order_key.missing', source, destination });
      return destination;
    });
  };
}

function readerOf(locator: string): Reader {
  const compiled = compileLocator(locator);
  if (!compiled.ok) throw new Error(`${compiled.problem}: the start should not have let it through`);
  return compiled.value;
}

/** The search keys of a request of a source. */
export type FindSearchKeys = (source: string, request: SignedRequest) => readonly SearchKey[];

/** Compiles the locators of all sources once. A key whose value is not in the request is left out. */
export function createFindSearchKeys(
  sources: readonly Readonly<{ name: string; search?: Readonly<Record<string, string>> }>[],
): FindSearchKeys {
  const readers = new Map(
    sources.flatMap(({ name, search }) => {
      if (search === undefined) return [];
      const ofSource = Object.entries(search).map(([key, locator]) => ({ key, reader: readerOf(locator) }));
      return [[name, ofSource] as const];
    }),
  );
  return (source, request) => {
    const ofSource = readers.get(source);
    if (ofSource === undefined) return NO_KEYS;
    const scope = scopeOf(viewOf(request), {});
    return ofSource.flatMap(({ key, reader }) => {
      const text = reader.one(scope);
      return text === null || text === '' ? [] : { name: key, value: keyText(text) };
    });
  };
}

const NO_KEYS: readonly SearchKey[] = [];
