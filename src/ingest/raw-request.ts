import type { AcceptTrace } from '../trace/tracing.ts';

/** A request as it was received: what schemes verify, and what a destination may verify again. */
export type RawRequest = Readonly<{
  method: string;
  /** Path and query. */
  url: string;
  /** Flat, `[name, value, …]`, in order, casing and repetition as sent. */
  headers: readonly string[];
  contentType: string;
  body: Uint8Array;
  /** Notes how long the steps of its accept take, where traces are made. */
  trace?: AcceptTrace | undefined;
}>;
