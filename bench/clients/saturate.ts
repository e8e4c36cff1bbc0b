import { findOnPath } from '../support/paths.ts';
import { runAutocannon } from './autocannon.ts';
import { runWrk } from './wrk.ts';

export type SaturateOptions = Readonly<{
  url: string;
  connections: number;
  seconds: number;
  keyPrefix: string;
  /** File with a signature line for each request, used cyclically; without it requests are not signed. */
  signatures?: string;
  /** How many order ids to cycle through; without it there is one. */
  orderKeys?: number;
}>;

/** What a closed-loop client saw: each connection sends the next request once the last is answered. */
export type Saturation = Readonly<{
  seconds: number;
  /** Responses 2xx, and per second. */
  ok: number;
  okPerSecond: number;
  /** Answered, but not 2xx. */
  notOk: number;
  /** Not answered: refused, reset, timed out. */
  socketErrors: number;
  p50Ms: number;
  p99Ms: number;
}>;

export type Saturate = (options: SaturateOptions) => Promise<Saturation>;

/** wrk if it is there: it takes a tenth of the CPU per request that a client on Node does. */
export function chooseClient(peersMissing: string | null): Readonly<{ name: string; saturate: Saturate }> {
  const wrk = findOnPath('wrk');
  if (wrk !== null) return { name: 'wrk -t1', saturate: (options) => runWrk(wrk, options) };
  if (peersMissing === null) return { name: 'autocannon', saturate: runAutocannon };
  throw new Error(`no client: wrk is not on the PATH, and autocannon is missing because ${peersMissing}`);
}
