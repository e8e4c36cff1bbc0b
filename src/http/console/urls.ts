/** A URL with a query, in which what is undefined or empty is left out. */
export function urlOf(path: string, query: Readonly<Record<string, string | undefined>> = {}): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== '');
  const text = new URLSearchParams(given as [string, string][]).toString();
  return text === '' ? path : `${path}?${text}`;
}

/** A path with texts as its parts. */
export function pathTo(...parts: readonly string[]): string {
  return `/console/${parts.map(encodeURIComponent).join('/')}`;
}
