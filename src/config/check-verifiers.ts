import { compileVerifier } from '../ingest/verify/compile.ts';
import { findProvider } from '../ingest/verify/providers/index.ts';
import { SchemeError } from '../ingest/verify/scheme-error.ts';
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
  const needs = provider === undefined ? [] : needsProblems(findProvider(provider)!, source, path);
  // A text without its variable is no key that could be tried.
  if (needs.length > 0 || lacksEnv(source)) return needs;
  return tryToCompile(source).map((problem) => `${path}: ${problem}`);
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
