import { hash } from 'node:crypto';
import type { Destination } from '../domain/destination.ts';
import type { Addressee } from '../domain/order.ts';
import type { Emit } from '../events.ts';
import { compileLocator, type LocatorKind, type Reader } from '../verify/read/locate.ts';
import { scopeOf } from '../verify/read/scope.ts';
import { type SignedRequest, viewOf } from '../verify/read/signed-request.ts';

/** Where an order key may be. */
const ORDER_KINDS: readonly LocatorKind[] = ['header', 'query', 'body', 'form', 'xml'];

/** Longer keys are stored as their hash, which orders just as well and bounds the index. */
export const ORDER_KEY_CHARS_MAX = 255;

/** What is wrong with a locator of an order key, else null. */
export function orderByMistake(locator: string): string | null {
  const compiled = compileLocator(locator);
  if (!compiled.ok) return compiled.problem;
  const { kind, isList } = compiled.value;
  if (isList) return `the locator "${locator}" may find several values`;
  if (ORDER_KINDS.includes(kind)) return null;
  return `the locator "${locator}" begins with none of ${ORDER_KINDS.map((known) => `${known}:`).join(' ')}`;
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
      if (text !== null) return { destination, orderKey: orderKeyText(text) };
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

/** As every store keeps it: bounded, well formed and without NUL. */
function orderKeyText(text: string): string {
  const isKept = text.length <= ORDER_KEY_CHARS_MAX && text.isWellFormed() && !text.includes('\0');
  return isKept ? text : `sha256:${hash('sha256', Buffer.from(text, 'utf16le'), 'hex')}`;
}
