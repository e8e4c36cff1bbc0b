import type { Verdict, VerifyReason } from '../outcome.ts';
import type { Params, Scope } from '../read/scope.ts';
import type { FetchText } from './fetch-keys.ts';

/** Keys in a JWK Set (RFC 7517). */
export type JsonWebKeySet = Readonly<{ keys: readonly Readonly<Record<string, unknown>>[] }>;

/** The inputs of a scheme. */
export type SchemeInputs = Readonly<{
  secrets: readonly string[];
  publicKey: string | null;
  params: Params;
  /** Overrides the tolerance of the declaration. */
  toleranceSeconds: number | undefined;
  /** Certificates by URL, and keys. Given ones are trusted as they are, and nothing is fetched. */
  certs: Readonly<Record<string, string>> | null;
  jwks: JsonWebKeySet | null;
  fetchText: FetchText;
}>;

export type Check = (scope: Scope, nowMs: number) => Verdict | Promise<Verdict>;
export type SyncCheck = (scope: Scope, nowMs: number) => Verdict;

export type SchemeOutcome =
  | Readonly<{ kind: 'ready'; check: Check }>
  /** Its kind of key was not given; another scheme of the provider may apply. */
  | Readonly<{ kind: 'passed-over'; problem: string }>
  | Readonly<{ kind: 'wrong'; problem: string }>;

export const VERIFIED: Verdict = { ok: true };

export function refuse(reason: VerifyReason, detail: string): Verdict {
  return { ok: false, reason, detail };
}

export function wrong(problem: string): SchemeOutcome {
  return { kind: 'wrong', problem };
}
