/** A request as it came: what schemes sign, and what a destination may want to verify again. */
export type RawRequest = Readonly<{
  method: string;
  /** Path and query. */
  url: string;
  /** Flat, `[name, value, …]`, in order, casing and repetition as sent. */
  headers: readonly string[];
  contentType: string;
  body: Uint8Array;
}>;

/** The first value of a header, by its lower-case name. */
export function headerOf(headers: readonly string[], lowerName: string): string | undefined {
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i]!;
    if (name.length === lowerName.length && name.toLowerCase() === lowerName) return headers[i + 1];
  }
  return undefined;
}
