import type { Need, Provider } from '../verify/provider.ts';
import { nearest } from './nearest.ts';
import type { SourceValues } from './source-schema.ts';

/** Finds what a provider needs and a source does not give, and parameters that mean nothing to the provider. */
export function needsProblems(provider: Provider, source: SourceValues, path: string): string[] {
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

/** Those that the declaration asks for, and those that its schemes and handshakes read. */
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
