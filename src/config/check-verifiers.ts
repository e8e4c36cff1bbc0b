import { nearest } from '../schema/nearest.ts';
import { compileVerifier } from '../verify/compile.ts';
import { leastReplayWindow } from '../verify/identity/replay-window.ts';
import type { Need, Provider } from '../verify/provider.ts';
import { findProvider } from '../verify/providers/index.ts';
import { SchemeError } from '../verify/scheme-error.ts';
import { lacksEnv } from './env.ts';
import { pathText } from './problems.ts';
import { rawNamed } from './raw-named.ts';
import { type SourceValues, sourceSchema } from './sources.ts';

/**
 * Finds sources that could not verify: unmet needs of a provider, keys that do not decode, schemes without meaning.
 * Skips sources that fail the schema.
 * @param file the unchecked value of the config file
 * @returns one line for each problem
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
  // A key that comes from a missing variable, or from a later handshake, cannot be compiled yet.
  if (needs.length > 0 || lacksEnv(source) || awaitsSecret(source)) return needs;
  return tryToCompile(source).map((problem) => `${path}: ${problem}`);
}

/** A window shorter than the lifetime of a token would let the same token name a second event. */
function windowProblems(provider: Provider, source: SourceValues, path: string): readonly string[] {
  const { replayWindowSeconds, toleranceSeconds = null } = source;
  const least = leastReplayWindow(provider, toleranceSeconds);
  if (replayWindowSeconds === undefined || replayWindowSeconds >= least) return [];
  return [
    `${path}.replayWindowSeconds: got ${replayWindowSeconds}, takes, for ${provider.name}, ${least} or more: for as long as its tokens are taken`,
  ];
}

/** Whether the secret comes with a handshake. */
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

/** Finds needs of a provider that a source does not meet, and parameters that the provider does not have. */
function needsProblems(provider: Provider, source: SourceValues, path: string): string[] {
  const isGiven = ({ option }: Need) => givenAt(source, option);
  const missing = provider.needs.filter(
    (need) => !isGiven(need) && need.optional !== true && need.oneOf === undefined,
  );
  const groups = Map.groupBy(
    provider.needs.filter(({ oneOf }) => oneOf !== undefined),
    ({ oneOf }) => oneOf!,
  );
  const unmet = [...groups.values()].filter((needs) => !needs.some((need) => isGiven(need) || need.optional));
  return [
    ...missing.map(
      ({ option, what }) => `${path}.${option}: got nothing, takes, for ${provider.name}: ${what}`,
    ),
    ...unmet.map((needs) => `${path}: got none of ${optionsOf(needs)}, takes at least one of them`),
    ...unknownParams(provider, source).map(
      ([name, known]) => `${path}.params.${name}: ${wordUnknown(name, known)}`,
    ),
  ];
}

function givenAt({ secret, secrets, publicKey, params = {} }: SourceValues, option: Need['option']): boolean {
  if (option === 'secret') return secret !== undefined || secrets !== undefined;
  if (option === 'publicKey') return publicKey !== undefined;
  return Object.hasOwn(params, option.slice('params.'.length));
}

function optionsOf(needs: readonly Need[]): string {
  return needs.map(({ option, what }) => `${option} (${what})`).join(', ');
}

type Unknown = readonly [name: string, known: readonly string[]];

function unknownParams(provider: Provider, { params = {} }: SourceValues): Unknown[] {
  const known = paramsOf(provider);
  return Object.keys(params).flatMap((name) => (known.includes(name) ? [] : [[name, known] as const]));
}

/** The parameters that the declaration needs, and those that its schemes and handshakes read. */
function paramsOf(provider: Provider): string[] {
  const asked = provider.needs.flatMap(({ option }) => /^params\.(.+)$/.exec(option)?.[1] ?? []);
  const read = [...JSON.stringify(provider).matchAll(/(?:\bparam:|"secretParam":")([\w-]+)/g)];
  return [...new Set([...asked, ...read.map(([, name]) => name!)])];
}

function wordUnknown(name: string, known: readonly string[]): string {
  const meant = nearest(name, known);
  if (meant !== null) return `not a known parameter, the nearest is ${meant}`;
  return `not a known parameter, takes ${known.length === 0 ? 'none here' : `one of ${known.join(', ')}`}`;
}
