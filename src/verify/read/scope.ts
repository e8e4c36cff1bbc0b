import type { RequestView } from './signed-request.ts';

/** Key and value of one part of a signature header. */
export type Pair = readonly [key: string, value: string];
export type Params = Readonly<Record<string, string>>;

/** What locators and templates read from. One for each verification; later members are set as they become known. */
export type Scope = {
  readonly view: RequestView;
  readonly params: Params;
  /** `{secret}` */
  secret: string | null;
  /** `sig:` */
  pairs: readonly Pair[];
  /** `{ts}`, as it was sent. */
  ts: string | null;
  /** `item:` */
  item: unknown;
  /** `{body_sha256_hex}`, where it is not the body's own hash. */
  bodyHash: string | null;
  /** `{received_10s}` */
  receivedAtMs: number | null;
  /** `{mac}` of a handshake's answer. */
  mac: string | null;
};

const NO_PAIRS: readonly Pair[] = [];

export function scopeOf(view: RequestView, params: Params): Scope {
  return {
    view,
    params,
    secret: null,
    pairs: NO_PAIRS,
    ts: null,
    item: undefined,
    bodyHash: null,
    receivedAtMs: null,
    mac: null,
  };
}
