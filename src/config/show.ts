import { databaseUrlOf } from '../domain/database-url.ts';
import { printable, printableJson } from '../domain/printable.ts';

const SHOWN_CHARS = 80;

/** Stands in for a secret. */
export const REDACTED = '(redacted)';

/** Any value on one line of bounded length, for a problem's line. */
export function show(value: unknown): string {
  if (typeof value === 'string') return printableJson(JSON.stringify(bounded(value)));
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return showType(value);
}

/** The type and size of a value that may be a secret. */
export function showHidden(value: unknown): string {
  if (typeof value === 'string')
    return value === '' ? 'an empty text' : `a text of ${value.length} characters`;
  return showType(value);
}

/** A refused URL without the parts that may hold credentials. */
export function showUrl(value: unknown): string {
  if (typeof value !== 'string') return show(value);
  const url = URL.parse(value);
  // Without an authority ("user:password@host/") the parts are ambiguous.
  if (url === null || url.host === '') return /[@?:]/.test(value) ? showHidden(value) : show(value);
  const credentials = url.username === '' && url.password === '' ? '' : `${REDACTED}@`;
  return JSON.stringify(bounded(`${url.protocol}//${credentials}${url.host}${hiddenPath(url)}`));
}

/** An accepted URL without its credentials and with its query hidden, which often holds tokens. */
export function redactUrl(value: string): string {
  const url = new URL(value);
  return `${url.protocol}//${url.host}${url.pathname}${hiddenQuery(url)}`;
}

/** An accepted URL of a destination by its origin alone: the path is often the secret, as in chat webhooks. */
export function redactPath(value: string): string {
  const url = new URL(value);
  return `${url.protocol}//${url.host}${hiddenPath(url)}`;
}

/** The location of a database, without credentials, which may be in the query too. */
export function redactDatabaseUrl(value: string | null): string | null {
  if (value === null) return null;
  const { servers, place } = databaseUrlOf(value);
  const url = new URL(servers[0]);
  const credentials = url.username === '' && url.password === '' ? '' : `${REDACTED}@`;
  return `${url.protocol}//${credentials}${place}${hiddenQuery(url)}`;
}

function hiddenPath(url: URL): string {
  return url.pathname === '/' && url.search === '' ? '/' : `/${REDACTED}`;
}

function hiddenQuery(url: URL): string {
  return url.search === '' ? '' : `?${REDACTED}`;
}

/** Foreign text on one line of bounded length. */
export function oneLine(text: string, maxChars: number): string {
  const line = printable(text.replace(/\s+/g, ' ').trim());
  return line.length <= maxChars ? line : `${line.slice(0, maxChars - 1)}…`;
}

function bounded(text: string): string {
  return text.length <= SHOWN_CHARS ? text : `${text.slice(0, SHOWN_CHARS - 1)}…`;
}

function showType(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  return typeof value === 'object' ? `an object of ${Object.keys(value).length}` : `a ${typeof value}`;
}
