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
