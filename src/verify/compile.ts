import type { Verdict } from './outcome.ts';
import type { Provider } from './provider.ts';
import { findProvider } from './providers/index.ts';
import { type Scope, scopeOf } from './read/scope.ts';
import { type SignedRequest, viewOf } from './read/signed-request.ts';
import { checkScheme } from './schema/check-scheme.ts';
import type { Scheme } from './scheme.ts';
import { SchemeError } from './scheme-error.ts';
import type { JsonWebKeySet, SchemeInputs, SchemeOutcome } from './schemes/compiled-scheme.ts';
import { wrong } from './schemes/compiled-scheme.ts';
import { judgeCondition, secretsFor } from './schemes/condition.ts';
import { compileDigest } from './schemes/digest.ts';
import { compileEbay } from './schemes/ebay.ts';
import { FetchError, type FetchText, guardedFetch } from './schemes/fetch-keys.ts';
import { compileHmac } from './schemes/hmac.ts';
import { compileJwt } from './schemes/jwt.ts';
import { compilePaypal } from './schemes/paypal.ts';
import { compilePublicKey } from './schemes/public-key.ts';
import { compileSns } from './schemes/sns.ts';
import { compileBasic, compileToken } from './schemes/token.ts';
import { verdictOfAny } from './schemes/verdict-of-any.ts';

export type VerifierOptions = Readonly<{
  provider?: string;
  verify?: Scheme | readonly Scheme[];
  secrets?: readonly string[];
  publicKey?: string;
  params?: Readonly<Record<string, string>>;
  /** Overrides the tolerance of every timestamp. */
  toleranceSeconds?: number;
  /** Certificates by URL, and keys, that stand in for fetched ones: nothing is fetched then. */
  certs?: Readonly<Record<string, string>>;
  jwks?: JsonWebKeySet;
  fetchText?: FetchText;
}>;

export type Verifier = Readonly<{
  /** Whether the request comes from the provider. Synchronous unless the scheme uses a JWT or a certificate. */
  verify(request: SignedRequest, nowMs: number): Verdict | Promise<Verdict>;
}>;

/**
 * Prepares the verification of a source's requests.
 * @throws SchemeError for an unknown provider, a missing secret, a key that does not decode, an invalid scheme
 */
export function compileVerifier(options: VerifierOptions): Verifier {
  const { provider, schemes } = chosen(options);
  const inputs = inputsOf(options);
  const outcomes = schemes.map((scheme) => compileScheme(scheme, inputs));
  const problems = outcomes.flatMap((outcome) => (outcome.kind === 'wrong' ? outcome.problem : []));
  if (problems.length > 0) throw new SchemeError(named(problems, provider));
  const checks = outcomes.flatMap((outcome) => (outcome.kind === 'ready' ? outcome.check : []));
  if (checks.length === 0) {
    if (provider !== null && awaitsSecret(provider, inputs.secrets)) return { verify: () => NO_SECRET };
    const missing = outcomes.flatMap((outcome) => (outcome.kind === 'passed-over' ? outcome.problem : []));
    throw new SchemeError(named(missing, provider));
  }
  return { verify: (request, nowMs) => verdictOfAny(checks, scopeOf(viewOf(request), inputs.params), nowMs) };
}

const NO_SECRET: Verdict = {
  ok: false,
  reason: 'no_secret',
  detail: 'There is no secret yet: the provider has not sent it.',
};

/** Some providers send the secret themselves when the webhook is created. */
function awaitsSecret(provider: Provider, secrets: readonly string[]): boolean {
  const keeps = provider.handshakes?.some(({ action }) => action?.kind === 'keep-secret') === true;
  return keeps && secrets.length === 0;
}

function chosen(options: VerifierOptions): { provider: Provider | null; schemes: readonly Scheme[] } {
  const { provider: id, verify } = options;
  if ((id === undefined) === (verify === undefined)) {
    throw new SchemeError(['give either provider or verify, and not both']);
  }
  if (id !== undefined) {
    const provider = typeof id === 'string' ? findProvider(id) : null;
    if (provider === null) throw new SchemeError([`there is no provider "${String(id)}"`]);
    return { provider, schemes: provider.schemes };
  }
  const schemes: readonly unknown[] = Array.isArray(verify) ? verify : [verify];
  const problems = schemes.flatMap((scheme, i) =>
    checkScheme(scheme).map((problem) =>
      schemes.length === 1 ? `verify${problem}` : `verify[${i}]${problem}`,
    ),
  );
  if (schemes.length === 0) problems.push('verify has no scheme');
  if (problems.length > 0) throw new SchemeError(problems);
  return { provider: null, schemes: schemes as readonly Scheme[] };
}

function inputsOf(options: VerifierOptions): SchemeInputs {
  const { secrets = [], publicKey, params = {}, toleranceSeconds, certs, jwks, fetchText } = options;
  const problems: string[] = [];
  if (secrets.some((secret) => typeof secret !== 'string' || secret.trim() === ''))
    problems.push('a secret is empty, or nothing but white space');
  if (publicKey === '') problems.push('publicKey is empty');
  if (toleranceSeconds !== undefined && !(Number.isFinite(toleranceSeconds) && toleranceSeconds >= 0)) {
    problems.push('toleranceSeconds is not a number of seconds of 0 or more');
  }
  if (problems.length > 0) throw new SchemeError(problems);
  return {
    secrets,
    publicKey: publicKey ?? null,
    params,
    toleranceSeconds,
    certs: certs ?? null,
    jwks: jwks ?? null,
    // Given keys are the only keys: nothing is fetched beside them.
    fetchText: certs === undefined && jwks === undefined ? (fetchText ?? guardedFetch) : refuseToFetch,
  };
}

const refuseToFetch: FetchText = async () => {
  throw new FetchError('keys were given, so none is fetched', null);
};

function named(problems: readonly string[], provider: Provider | null): readonly string[] {
  const different = [...new Set(problems)];
  return provider === null ? different : different.map((problem) => `${provider.id}: ${problem}`);
}

function compileScheme(scheme: Scheme, all: SchemeInputs): SchemeOutcome {
  const inputs = { ...all, secrets: secretsFor(scheme.when, all.secrets) };
  const missing = missingParam(scheme, inputs.params);
  if (missing !== null) return { kind: 'passed-over', problem: `params.${missing} is missing` };
  const outcome = compileAlgorithm(scheme, inputs);
  const { when } = scheme;
  if (outcome.kind !== 'ready' || when === undefined) return outcome;
  const { check } = outcome;
  return {
    kind: 'ready',
    check: (scope: Scope, nowMs) => judgeCondition(when, scope.view) ?? check(scope, nowMs),
  };
}

function compileAlgorithm(scheme: Scheme, inputs: SchemeInputs): SchemeOutcome {
  switch (scheme.alg) {
    case 'hmac':
      return compileHmac(scheme, inputs);
    case 'digest':
      return compileDigest(scheme, inputs);
    case 'ed25519':
    case 'ecdsa-p256':
    case 'rsa-sha256':
      return compilePublicKey(scheme, inputs);
    case 'token':
      return compileToken(scheme, inputs);
    case 'basic':
      return compileBasic(inputs);
    case 'jwt':
      return compileJwt(scheme, inputs);
    case 'plugin':
      return compilePlugin(scheme.plugin, inputs);
    default:
      return wrong(`there is no scheme "${String((scheme as { alg: unknown }).alg)}"`);
  }
}

function compilePlugin(plugin: string, inputs: SchemeInputs): SchemeOutcome {
  switch (plugin) {
    case 'sns':
      return compileSns(inputs);
    case 'paypal':
      return compilePaypal(inputs);
    case 'ebay':
      return compileEbay(inputs);
    default:
      return wrong(`there is no plug-in "${plugin}"`);
  }
}

/** The first parameter that the scheme names and the options lack. */
function missingParam(scheme: Scheme, params: Readonly<Record<string, string>>): string | null {
  for (const [, name] of JSON.stringify(scheme).matchAll(/\bparam:([A-Za-z0-9_-]+)/g)) {
    if (!Object.hasOwn(params, name!) || params[name!] === '') return name!;
  }
  return null;
}
