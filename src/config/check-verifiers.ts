import { compileVerifier } from '../verify/compile.ts';
import { leastReplayWindow } from '../verify/identity/replay-window.ts';
import type { Provider } from '../verify/provider.ts';
import { findProvider } from '../verify/providers/index.ts';
import { SchemeError } from '../verify/scheme-error.ts';
import { lacksEnv } from './env.ts';
import { pathText } from './problem-lines.ts';
import { needsProblems } from './provider-needs.ts';
import { rawNamed } from './raw-named.ts';
import { type SourceValues, sourceSchema } from './source-schema.ts';

/**
 * Finds sources that could not verify: a provider's needs that are not met, keys that do not decode, schemes that mean
 * nothing. Sources that are wrong already are left out.
 * @param file the value of the config file as it came, which may be wrong itself
 */
export function checkVerifiers(file: unknown): string[] {
  return rawNamed(file, 'sources').flatMap(([name, raw]) => {
    const { data } = sourceSchema.safeParse(raw);
    return data === undefined ? [] : problemsOf(data, pathText(['sources', name]));
  });
}

function problemsOf(source: SourceValues, path: string): readonly string[] {
  const { provider, verify } = source;
  if (provider === undefined && verify === undefined) return [];
  const needs =
    provider === undefined
      ? []
      : [
          ...needsProblems(findProvider(provider)!, source, path),
          ...windowProblems(findProvider(provider)!, source, path),
        ];
  // A text without its variable is no key that could be tried.
  if (needs.length > 0 || lacksEnv(source) || awaitsSecret(source)) return needs;
  return tryToCompile(source).map((problem) => `${path}: ${problem}`);
}

/** A window that is shorter than a token is taken for would let it name a second event. */
function windowProblems(provider: Provider, source: SourceValues, path: string): readonly string[] {
  const { replayWindowSeconds, toleranceSeconds = null } = source;
  const least = leastReplayWindow(provider, toleranceSeconds);
  if (replayWindowSeconds === undefined || replayWindowSeconds >= least) return [];
  return [
    `${path}.replayWindowSeconds: got ${replayWindowSeconds}, takes, for ${provider.name}, ${least} or more: for as long as its tokens are taken`,
  ];
}

/** One that a handshake will bring cannot be tried yet. */
function awaitsSecret({ secret, secrets, handshakes = [] }: SourceValues): boolean {
  const brings = handshakes.some(({ action }) => action?.kind === 'keep-secret');
  return brings && secret === undefined && secrets === undefined;
}

function tryToCompile(source: SourceValues): readonly string[] {
  const { provider, verify, secret, secrets, publicKey, params, toleranceSeconds } = source;
  try {
    compileVerifier({
      ...(provider !== undefined && { provider }),
      ...(verify !== undefined && { verify }),
      secrets: secret === undefined ? (secrets ?? []) : [secret],
      ...(publicKey !== undefined && { publicKey }),
      params: params ?? {},
      ...(toleranceSeconds !== undefined && { toleranceSeconds }),
    });
    return [];
  } catch (error) {
    if (error instanceof SchemeError) return error.problems;
    throw error;
  }
}
