import type { IdentityRules } from '../verify/identity/identify.ts';
import { leastReplayWindow } from '../verify/identity/replay-window.ts';
import { signedIdentity, signsTokenAlone } from '../verify/identity/signed-identity.ts';
import type { Provider } from '../verify/provider.ts';
import type { Scheme, Template } from '../verify/scheme.ts';
import type { Verification } from './source-config.ts';

/** How the events of a source are named and recognised. */
export type SourceIdentity = Readonly<{
  rules: IdentityRules;
  /** How long a replay mark holds; 0 where the source keeps none. */
  replayWindowMs: number;
  /**
   * A captured request could be sent again under another id, nothing would recognise it, and the user did not say that
   * this is meant.
   */
  isUnmarked: boolean;
}>;

/** Combines the provider's rules with the user's, which take their place. */
export function identityOf(
  { identity, replayWindowMs, toleranceSeconds }: Verification,
  provider: Provider | null,
  schemes: readonly Scheme[],
): SourceIdentity {
  const { idempotencyKey, eventType } = identity;
  const replay = replayRules(identity, provider, schemes);
  const windowMs = replay === null ? 0 : windowOf(replayWindowMs, toleranceSeconds, provider, schemes);
  return {
    rules: {
      idempotencyKey: idempotencyKey ?? provider?.idempotencyKey ?? [],
      eventType: eventType ?? provider?.eventType ?? [],
      ...(provider?.marks !== undefined && { marks: provider.marks }),
      ...(idempotencyKey === null && provider?.formerKeys && { formerKeys: provider.formerKeys }),
      ...(windowMs > 0 && replay),
    },
    replayWindowMs: windowMs,
    isUnmarked: replay !== null && windowMs === 0 && replayWindowMs === null,
  };
}

/** How long a signed token counts as used, unless the user says otherwise. */
const TOKEN_WINDOW_SECONDS = 86_400;

/**
 * A source keeps no marks unless the user asks for them, since equal requests may be different events. Where the
 * signature covers a token instead of the event, a captured one would sign any other event, and marks are always kept.
 */
function windowOf(
  chosenMs: number | null,
  toleranceSeconds: number | null,
  provider: Provider | null,
  schemes: readonly Scheme[],
): number {
  const leastMs = leastReplayWindow(provider, toleranceSeconds) * 1000;
  if (chosenMs !== null) return Math.max(chosenMs, leastMs);
  if (leastMs > 0) return leastMs;
  if (provider !== null || !signsTokenAlone(schemes)) return 0;
  return Math.max(TOKEN_WINDOW_SECONDS, 2 * (toleranceSeconds ?? 0)) * 1000;
}

type ReplayRules = Pick<IdentityRules, 'replayKey' | 'replaySignature'>;

/** Null where the signature covers all that names the event. */
function replayRules(
  { idempotencyKey, eventType }: Verification['identity'],
  provider: Provider | null,
  schemes: readonly Scheme[],
): ReplayRules | null {
  if (provider?.replayKey !== undefined) {
    const { replayKey, replaySignature } = provider;
    return { replayKey, ...(replaySignature !== undefined && { replaySignature }) };
  }
  if (provider !== null && idempotencyKey === null) return null;
  const types = eventType ?? provider?.eventType ?? [];
  return ownReplayRules(idempotencyKey ?? [], types, schemes);
}

const BODY_HASH = '{body_sha256_hex}';

function ownReplayRules(
  keys: readonly Template[],
  types: readonly Template[],
  schemes: readonly Scheme[],
): ReplayRules | null {
  const names = signedIdentity(schemes) ?? (isLoose(keys, schemes) ? timedHash(schemes) : null);
  if (names === null) return null;
  // Two events may have one body and differ in the type that stands beside it.
  const beside = types.filter((type) => /\{(?:header|query):/.test(type));
  const typed = names.flatMap((name) => beside.map((type) => `${type}:${name}`));
  return { replayKey: [...typed, ...names] };
}

/** The body's hash, with the time where that is signed outside of the body. */
function timedHash(schemes: readonly Scheme[]): readonly Template[] {
  const times = schemes.flatMap((scheme) => ('ts' in scheme && scheme.ts ? [scheme.ts.from].flat() : []));
  const outside = [...new Set(times)].filter((time) => /^(?:header|query):/.test(time));
  return [...outside.map((time) => `{${time}}:${BODY_HASH}`), BODY_HASH];
}

/** Whether the sender of a captured request could give it another key without breaking the signature. */
function isLoose(keys: readonly Template[], schemes: readonly Scheme[]): boolean {
  const chosen = keys.flatMap((key) =>
    [...key.matchAll(/\{((?:header|query):[^{}]+)\}/g)].map(([, at]) => at!),
  );
  return chosen.some((locator) => schemes.some((scheme) => !covers(scheme, locator)));
}

/** Whether the scheme signs what is there. All of its alternatives must, since the sender chooses among them. */
function covers(scheme: Scheme, locator: string): boolean {
  if (!('signed' in scheme) || scheme.signed === undefined) return false;
  return [scheme.signed].flat().every((template) => {
    const text = template.toLowerCase();
    if (text.includes(`{${locator.toLowerCase()}}`)) return true;
    return locator.startsWith('query:') && text.includes('{url');
  });
}
