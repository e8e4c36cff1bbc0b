import { compileVerifier } from './compile.ts';
import { type Identity, type IdentityRules, identify } from './identity/identify.ts';
import type { VerifyReason } from './outcome.ts';
import { findProvider } from './providers/index.ts';
import { flatHeaders, type HeadersLike } from './read/headers-like.ts';
import { asTemplate } from './read/locate.ts';
import { RequestView } from './read/signed-request.ts';
import type { Scheme, Template } from './scheme.ts';
import { SchemeError } from './scheme-error.ts';
import type { JsonWebKeySet } from './schemes/compiled-scheme.ts';
import type { FetchText } from './schemes/fetch-keys.ts';

export { compileVerifier, type Verifier, type VerifierOptions } from './compile.ts';
export {
  answerHandshake,
  findHandshake,
  type HandshakeAnswer,
  type HandshakeKeys,
  type HandshakeReply,
} from './handshake.ts';
export { type Identity, type IdentityRules, identify } from './identity/identify.ts';
export { VERIFY_REASONS, type Verdict, type VerifyReason } from './outcome.ts';
export type * from './provider.ts';
export { findProvider, PROVIDERS } from './providers/index.ts';
export type { HeadersLike } from './read/headers-like.ts';
export { asTemplate } from './read/locate.ts';
export { type SignedRequest, viewOf } from './read/signed-request.ts';
export { checkScheme } from './schema/check-scheme.ts';
export type * from './scheme.ts';
export { SchemeError } from './scheme-error.ts';
export type { JsonWebKeySet } from './schemes/compiled-scheme.ts';
export { FetchError, type FetchInit, type FetchText } from './schemes/fetch-keys.ts';
export { type SignOptions, signWebhook } from './sign/sign.ts';

export type VerifyWebhookOptions = Readonly<{
  provider?: string;
  verify?: Scheme | readonly Scheme[];
  secret?: string | null;
  secrets?: readonly string[] | null;
  publicKey?: string | null;
  params?: Readonly<Record<string, string>> | null;
  /** Certificates by URL, and keys: with either nothing is fetched. */
  certs?: Readonly<Record<string, string>> | null;
  jwks?: JsonWebKeySet | null;
  fetchText?: FetchText;
  method?: string;
  /** Absolute, as the sender knows it. Required where it is signed. */
  url?: string;
  /** An object, a flat list `[name, value, …]`, pairs, or `Headers`. */
  headers?: HeadersLike;
  body: Uint8Array;
  /** Unix time in milliseconds. */
  now: number;
  toleranceSeconds?: number | null;
  /** Where the event's key and type are, for `verify`; they come before the provider's own. */
  idempotencyKey?: Template | readonly Template[];
  eventType?: Template | readonly Template[];
}>;

export type VerifyWebhookResult =
  | Readonly<{ ok: true; provider: string | null; idempotencyKey: string; eventType: string }>
  | Readonly<{ ok: false; reason: VerifyReason | 'keys_unavailable'; detail: string }>;

/**
 * Verifies one webhook, without the service. Never throws: a wrong set-up is `misconfigured`. To verify many, prepare it
 * once with `compileVerifier`.
 *
 * Keys that begin with `sha256:`, or that the provider's page calls a mark, are the same event for a while only: `identify`
 * has that window.
 */
export async function verifyWebhook(options: VerifyWebhookOptions): Promise<VerifyWebhookResult> {
  try {
    const verifier = compileVerifier(verifierOptions(options));
    const { method = 'POST', url = '', headers = {}, body, now } = options;
    if (!(body instanceof Uint8Array) || !Number.isFinite(now)) {
      return misconfigured('body takes the bytes as a Uint8Array, and now the time in milliseconds');
    }
    if (url === '' && signsUrl(options)) {
      return misconfigured('the URL is signed: url takes it whole, as the sender knows it');
    }
    const view = new RequestView({ method, url, headers: flatHeaders(headers), body });
    const verdict = await verifier.verify(view, now);
    if (!verdict.ok) return verdict;
    const { idempotencyKey, eventType }: Identity = identify(identityRules(options), view, now);
    const provider = options.provider === undefined ? null : (findProvider(options.provider)?.id ?? null);
    return { ok: true, provider, idempotencyKey, eventType };
  } catch (error) {
    return misconfigured(
      error instanceof SchemeError ? error.message : 'an option has a value of a wrong kind',
    );
  }
}

/** A signature over an empty URL would fit any endpoint. */
function signsUrl({ provider, verify }: VerifyWebhookOptions): boolean {
  const schemes = provider === undefined ? verify : findProvider(provider)?.schemes;
  return /\{(?:url(?::[a-z]+)?|path)\}/.test(JSON.stringify(schemes));
}

function misconfigured(detail: string): VerifyWebhookResult {
  return { ok: false, reason: 'misconfigured', detail };
}

function verifierOptions(options: VerifyWebhookOptions) {
  const { provider, verify, secret, secrets, publicKey, params, certs, jwks, fetchText, toleranceSeconds } =
    options;
  return {
    ...(provider === undefined ? {} : { provider }),
    ...(verify === undefined ? {} : { verify }),
    secrets: [...(secret === null || secret === undefined ? [] : [secret]), ...(secrets ?? [])],
    ...(publicKey === null || publicKey === undefined ? {} : { publicKey }),
    params: params ?? {},
    ...(certs === null || certs === undefined ? {} : { certs }),
    ...(jwks === null || jwks === undefined ? {} : { jwks }),
    ...(fetchText === undefined ? {} : { fetchText }),
    ...(toleranceSeconds === null || toleranceSeconds === undefined ? {} : { toleranceSeconds }),
  };
}

function identityRules(options: VerifyWebhookOptions): IdentityRules {
  const provider = options.provider === undefined ? null : findProvider(options.provider);
  return {
    idempotencyKey: [...listOf(options.idempotencyKey), ...(provider?.idempotencyKey ?? [])],
    ...(provider?.marks !== undefined && { marks: provider.marks }),
    eventType: [...listOf(options.eventType), ...(provider?.eventType ?? [])],
  };
}

function listOf(templates: Template | readonly Template[] | undefined): readonly Template[] {
  if (templates === undefined) return [];
  return (typeof templates === 'string' ? [templates] : templates).map(asTemplate);
}
