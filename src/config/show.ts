const SHOWN_CHARS = 80;

/** What takes the place of a secret. */
export const REDACTED = '(redacted)';

/** A value as a mistake's line shows it: on one line and of bounded length, whatever it is. */
export function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(bounded(value));
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return showType(value);
}

/** A value that may be a secret, by its type and size alone. */
export function showHidden(value: unknown): string {
  if (typeof value === 'string')
    return value === '' ? 'an empty text' : `a text of ${value.length} characters`;
  return showType(value);
}

/** A URL that was refused, without the parts in which people put credentials. */
export function showUrl(value: unknown): string {
  if (typeof value !== 'string') return show(value);
  const url = URL.parse(value);
  // Without a scheme that has an authority ("user:password@host/") it is not clear which part is which.
  if (url === null || url.host === '') return /[@?:]/.test(value) ? showHidden(value) : show(value);
  const credentials = url.username === '' && url.password === '' ? '' : `${REDACTED}@`;
  return JSON.stringify(
    bounded(`${url.protocol}//${credentials}${url.host}${url.pathname}${hiddenQuery(url)}`),
  );
}

/** A URL that was accepted, without its credentials and with its query hidden: tokens are often there. */
export function redactUrl(value: string): string {
  const url = new URL(value);
  return `${url.protocol}//${url.host}${url.pathname}${hiddenQuery(url)}`;
}

/** Where a database is, without the credentials, which may be in its query too. */
export function redactDatabaseUrl(value: string | null): string | null {
  if (value === null) return null;
  const url = new URL(value);
  const credentials = url.username === '' && url.password === '' ? '' : `${REDACTED}@`;
  return `${url.protocol}//${credentials}${url.host}${url.pathname}${hiddenQuery(url)}`;
}

function hiddenQuery(url: URL): string {
  return url.search === '' ? '' : `?${REDACTED}`;
}

/** Text of others on one line, cut to what one line may hold. */
export function oneLine(text: string, maxChars: number): string {
  const line = text.replace(/\s+/g, ' ').trim();
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
