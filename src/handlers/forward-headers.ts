/** Flat, as `WebhookEvent.headers`: `[name, value, name, value, …]`. */
export type HeaderList = readonly string[];

/**
 * Headers of one connection (RFC 9110, section 7.6.1), and headers that the new request sets itself. Accept-Encoding
 * is dropped because it states what the provider can read, and a compressed answer would make the excerpt unreadable.
 * What a sender says of an event's origin is worth nothing.
 */
const NOT_FORWARDED: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'host',
  'content-length',
  'expect',
  'accept-encoding',
  'webhook-origin',
]);

/**
 * Builds the headers of a forwarded request: the original end-to-end headers, with order, casing and repetition kept,
 * except those that `replacements` names in any case; then the replacements.
 * @param without names of further headers that are left out, in lower case
 * @returns a new flat list
 */
export function forwardHeaders(
  original: HeaderList,
  replacements: HeaderList,
  without: readonly string[] = [],
): string[] {
  const dropped = new Set([...namesOf(replacements), ...without, ...connectionOptions(original)]);
  const headers: string[] = [];
  for (let at = 0; at + 1 < original.length; at += 2) {
    const name = original[at]!.toLowerCase();
    if (dropped.has(name) || NOT_FORWARDED.has(name) || name.startsWith('proxy-')) continue;
    headers.push(original[at]!, original[at + 1]!);
  }
  return headers.concat(replacements);
}

function namesOf(headers: HeaderList): string[] {
  return headers.filter((_, at) => at % 2 === 0).map((name) => name.toLowerCase());
}

/** The names that Connection headers list: a proxy must remove those headers too. */
function connectionOptions(headers: HeaderList): string[] {
  const options: string[] = [];
  for (let at = 0; at + 1 < headers.length; at += 2) {
    if (headers[at]!.toLowerCase() !== 'connection') continue;
    options.push(...headers[at + 1]!.split(',').map((option) => option.trim().toLowerCase()));
  }
  return options;
}
