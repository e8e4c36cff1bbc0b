import type { Clock } from '../runtime/clock.ts';
import type { SourceStateStore } from '../store/store.ts';
import type { VerifierOptions } from '../verify/compile.ts';
import { findHandshake } from '../verify/handshake.ts';
import type { IdentityRules } from '../verify/identity/identify.ts';
import type { AcceptedReply, Handshake, Provider } from '../verify/provider.ts';
import { findProvider } from '../verify/providers/index.ts';
import { type RequestView, viewOf } from '../verify/read/signed-request.ts';
import type { Template } from '../verify/scheme.ts';
import { identityOf } from './identity-rules.ts';
import { createPublicUrl, type PublicUrl } from './public-url.ts';
import type { RawRequest } from './raw-request.ts';
import { createRedact, looksSecret, type Redact, tokenQueries } from './redact.ts';
import type { ReconcileRule, SourceConfig, Verification } from './source-config.ts';
import { createSourceVerifier, type SourceVerifier } from './source-verifier.ts';

/** The compiled rules of a source with verification, made once for each configuration of it. */
export type SourceRules = Readonly<{
  verifier: SourceVerifier;
  identity: IdentityRules;
  /** HTTP methods of events besides POST. */
  methods: ReadonlySet<string>;
  /** In the order in which they are matched: before the signature is verified, and after it. */
  handshakes: Readonly<{ unsigned: readonly Handshake[]; signed: readonly Handshake[] }>;
  params: Readonly<Record<string, string>>;
  reply: AcceptedReply;
  /** Body of the 401 for a request that fails verification; null for the problem as JSON. */
  refusalBody: string | null;
  publicUrl: PublicUrl;
  /** When this process opened the source. */
  openedAtMs: number;
  /** 0 where no replay marks are kept. */
  replayWindowMs: number;
  /** The source keeps no replay marks though nothing else recognises a captured request under another id. */
  isUnmarked: boolean;
  redact: Redact;
  /** A repeat of an event by its provider replays the deliveries that the event has given up. */
  replaysRedeliveries: boolean;
  /** Challenges the sender for user and password, which some send only after a challenge. */
  asksForPassword: boolean;
}>;

/** A named endpoint; without rules it accepts the JSON envelope. */
export type Source = Readonly<{
  name: string;
  rules: SourceRules | null;
  /** Longest body in bytes; left out: the receiver's. */
  maxBodyBytes?: number;
  /** JSON Pointers of what a body shows only when it is revealed. */
  mask?: readonly string[];
  search?: Readonly<Record<string, string>>;
  /** Id of the provider, if it has one. */
  provider?: string | null;
  reconcile?: ReconcileRule;
}>;

export type SourceParts = Readonly<{
  store: Pick<SourceStateStore, 'readSourceState' | 'keepSourceState'>;
  clock: Pick<Clock, 'nowMs'>;
  /** The receiver's own URL as seen from outside, without the path, or null. */
  publicUrl: string | null;
  /** Replaces keys and certificates of providers, or how they are fetched. */
  keys?: Pick<VerifierOptions, 'fetchText' | 'certs' | 'jwks'> | undefined;
}>;

/**
 * Compiles the rules of a source from its configuration.
 * @throws SchemeError for an invalid configuration, which the start refuses before
 */
export function openSource({ verification, ...own }: SourceConfig, parts: SourceParts): Source {
  const rules = verification === null ? null : openRules(own.name, verification, parts);
  return { ...own, provider: verification?.provider ?? null, rules };
}

function openRules(source: string, verification: Verification, parts: SourceParts): SourceRules {
  const provider = providerOf(verification);
  const schemes = verification.schemes ?? provider?.schemes ?? [];
  const handshakes = handshakesIn(verification);
  const { rules: identity, replayWindowMs, isUnmarked } = identityOf(verification, provider, schemes);
  return {
    verifier: createSourceVerifier({
      source,
      options: verifierOptions(verification, parts),
      entry: secretEntry(handshakes),
      store: parts.store,
    }),
    identity,
    // HEAD only checks the endpoint; it never carries an event.
    methods: new Set((provider?.methods ?? []).filter((method) => method !== 'HEAD' && method !== 'POST')),
    handshakes: {
      unsigned: handshakes.filter(({ signed }) => !signed),
      signed: handshakes.filter(({ signed }) => signed),
    },
    params: verification.params,
    reply: { ...provider?.reply, ...verification.reply },
    refusalBody: provider?.refusalBody ?? null,
    publicUrl: createPublicUrl(verification.publicUrl, parts.publicUrl),
    openedAtMs: parts.clock.nowMs(),
    replayWindowMs,
    isUnmarked,
    redact: createRedact(schemes, namingTemplates(identity)),
    replaysRedeliveries: verification.replayOnRedelivery,
    asksForPassword: schemes.some(({ alg }) => alg === 'basic'),
  };
}

/** Templates of what names and recognises an event, whose values are kept with a rejected request. */
function namingTemplates(rules: IdentityRules): Template[] {
  const { idempotencyKey, eventType, marks = [], replayKey = [] } = rules;
  const keys = idempotencyKey.map((key) => (typeof key === 'string' ? key : key.of));
  return [...keys, ...marks.flatMap(({ of = [] }) => of), eventType, replayKey].flat();
}

function verifierOptions(verification: Verification, { keys }: SourceParts): VerifierOptions {
  const { provider, schemes, secrets, publicKey, params, toleranceSeconds } = verification;
  return {
    ...(provider !== null && { provider }),
    ...(schemes !== null && { verify: schemes }),
    secrets,
    ...(publicKey !== null && { publicKey }),
    params,
    ...(toleranceSeconds !== null && { toleranceSeconds }),
    ...keys,
  };
}

/** The provider's name for the secret that it sends: `body:/verification_token` is kept as `verification_token`. */
function secretEntry(handshakes: readonly Handshake[]): string | null {
  for (const { action } of handshakes) {
    if (action?.kind === 'keep-secret') return /[^:/]+$/.exec(action.from)![0].toLowerCase();
  }
  return null;
}

/** Whether one of the handshakes asks the receiver to confirm a subscription. */
export function confirmsSubscriptions(handshakes: readonly Handshake[]): boolean {
  return handshakes.some(({ action }) => action?.kind === 'confirm-subscription');
}

/** The handshakes of a source. */
export function handshakesOf({ verification }: Pick<SourceConfig, 'verification'>): readonly Handshake[] {
  return verification === null ? [] : handshakesIn(verification);
}

function handshakesIn(verification: Verification): readonly Handshake[] {
  return providerOf(verification)?.handshakes ?? verification.handshakes;
}

function providerOf(verification: Verification | null): Provider | null {
  const id = verification?.provider ?? null;
  return id === null ? null : findProvider(id);
}

/**
 * Where the sources' verification reads secrets in the query. A source that is no longer configured may have read one
 * under any name that means a secret.
 */
export function createIsSecretQuery(
  sources: readonly SourceConfig[],
): (source: string, name: string) => boolean {
  const known = secretQueriesOf(sources);
  return (source, name) => known.get(source)?.has(name) ?? looksSecret(name);
}

/** Where the sources' verification reads secrets in the query, by source. */
export function secretQueriesOf(sources: readonly SourceConfig[]): ReadonlyMap<string, ReadonlySet<string>> {
  return new Map(sources.map(({ name, verification }) => [name, secretQueries(verification)]));
}

function secretQueries(verification: Verification | null): ReadonlySet<string> {
  const schemes = verification?.schemes ?? providerOf(verification)?.schemes ?? [];
  return new Set(tokenQueries(schemes));
}

/** The request as schemes and handshakes see it: one view, so that nothing is parsed twice. */
export function toSigned({ publicUrl }: SourceRules, request: RawRequest): RequestView {
  const { method, headers, body } = request;
  return viewOf({ method, url: publicUrl(request), headers, body });
}

/** Whether the request is one of the source's handshakes, signed or not. */
export function isHandshake(rules: SourceRules, request: RawRequest): boolean {
  const signed = toSigned(rules, request);
  return [rules.handshakes.unsigned, rules.handshakes.signed].some(
    (handshakes) => handshakes.length > 0 && findHandshake(handshakes, signed) !== null,
  );
}
