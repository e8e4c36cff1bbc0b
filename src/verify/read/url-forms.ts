/** Scheme, user info with host, port, rest. Text operations only: a parser would normalise the signed URL. */
const PARTS = /^(https?):\/\/((?:[^/?#@]*@)?(?:\[[^\]/?#]*\]|[^/?#:@[]*))(:\d+)?([/?#].*)?$/i;

/** The URL without a port, as Twilio may have signed it. */
export function withoutPort(url: string): string {
  const parts = PARTS.exec(url);
  return parts === null ? url : `${parts[1]}://${parts[2]}${parts[4] ?? ''}`;
}

/** The URL with an explicit port, the scheme's default if it has none. */
export function withPort(url: string): string {
  const parts = PARTS.exec(url);
  if (parts === null || parts[3] !== undefined) return url;
  return `${parts[1]}://${parts[2]}:${parts[1]!.toLowerCase() === 'https' ? 443 : 80}${parts[4] ?? ''}`;
}

/** The URL without query and fragment. */
export function withoutQuery(url: string): string {
  return url.replace(/[?#].*$/s, '');
}

/** From the first slash after the host to the query; `/` if there is no path. */
export function pathOf(url: string): string {
  const rest = PARTS.exec(url)?.[4] ?? '';
  const path = withoutQuery(rest);
  return path === '' ? '/' : path;
}

const HUBSPOT_ESCAPES = /%(?:3A|2F|3F|40|21|24|27|28|29|2A|2C|3B)/gi;

/** The URL with only those escapes decoded that HubSpot decodes before it signs. */
export function decodedUrl(url: string): string {
  return url.replace(HUBSPOT_ESCAPES, (code) => String.fromCharCode(Number.parseInt(code.slice(1), 16)));
}
