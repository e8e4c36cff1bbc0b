/** Flat, as `WebhookEvent.headers`: `[name, value, name, value, …]`. */
export type HeaderList = readonly string[];

/**
 * What ends with the connection that it came over (RFC 9110, section 7.6.1), and what the new request sets
 * itself. Accept-Encoding too: it says what the provider can read, and a compressed answer would leave the
 * attempt's excerpt unreadable.
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
]);

/**
 * The headers of a forwarded request: the original ones that may travel on, in their order, casing and
 * repetition, without those that `replacements` names (in any case), then the replacements.
 * @returns a new flat list
 */
export function forwardHeaders(original: HeaderList, replacements: HeaderList): string[] {
  const left = new Set([...namesOf(replacements), ...connectionOptions(original)]);
  const headers: string[] = [];
  for (let at = 0; at + 1 < original.length; at += 2) {
    const name = original[at]!.toLowerCase();
    if (left.has(name) || NOT_FORWARDED.has(name) || name.startsWith('proxy-')) continue;
    headers.push(original[at]!, original[at + 1]!);
  }
  return headers.concat(replacements);
}

function namesOf(headers: HeaderList): string[] {
  return headers.filter((_, at) => at % 2 === 0).map((name) => name.toLowerCase());
}

/** The names that Connection headers list: a proxy must take those headers out as well. */
function connectionOptions(headers: HeaderList): string[] {
  const options: string[] = [];
  for (let at = 0; at + 1 < headers.length; at += 2) {
    if (headers[at]!.toLowerCase() !== 'connection') continue;
    options.push(...headers[at + 1]!.split(',').map((option) => option.trim().toLowerCase()));
  }
  return options;
}
