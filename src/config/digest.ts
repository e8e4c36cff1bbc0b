import { scrypt } from 'node:crypto';
import { dirname, relative } from 'node:path';
import { promisify } from 'node:util';
import type { Target } from '../handlers/target.ts';
import type { SourceConfig } from '../ingest/source-config.ts';
import type { Config, DestinationConfig } from './config.ts';
import { pathText } from './problems.ts';

/** The values of a configuration by their path, as text. It has the secrets: it is compared and digested, never shown. */
export type FlatConfig = ReadonlyMap<string, string>;

/**
 * What a reload can change, flat. Settings that differ from node to node by design (ports, paths, the database) are not
 * in it, so nodes with the same config file and the same secrets have the same flat configuration.
 */
export function flatConfig(config: Config): FlatConfig {
  const folder = config.configFile === null ? null : dirname(config.configFile);
  const flat = new Map<string, string>();
  for (const { name, ...holder } of config.tokens) flatten(flat, ['tokens', name], holder);
  flatten(flat, ['logLevel'], config.log.level);
  flatten(flat, ['retry'], config.retry);
  flatten(flat, ['providerKeys'], config.providerKeys);
  flatten(flat, ['alerts'], config.alerts ?? false);
  for (const source of config.sources) flatten(flat, ['sources', source.name], sourceParts(source));
  for (const destination of config.destinations) {
    flatten(flat, ['destinations', destination.name], destinationParts(destination, folder));
  }
  return flat;
}

/**
 * What differs between two configurations: `added sources.github`, `changed destinations.billing.url`. Values are not
 * shown, so that a secret is its name.
 */
export function changesOf(before: FlatConfig, after: FlatConfig): string[] {
  const named = new Set<string>();
  for (const path of new Set([...before.keys(), ...after.keys()])) {
    if (before.get(path) === after.get(path)) continue;
    const whole = wholeOf(path);
    const [was, is] = [hasAt(before, whole), hasAt(after, whole)];
    named.add(was && is ? `changed ${path}` : `${is ? 'added' : 'removed'} ${whole}`);
  }
  if (isReordered(before, after)) named.add('changed the order of destinations');
  return [...named].toSorted();
}

/** The destinations of an event are in the order of the configuration. */
function isReordered(before: FlatConfig, after: FlatConfig): boolean {
  const namesOf = (flat: FlatConfig) => new Set([...flat.keys()].map(wholeOf).filter(isDestination));
  const [was, is] = [namesOf(before), namesOf(after)];
  const orderOf = (names: Iterable<string>) => [...names].filter((name) => was.has(name) && is.has(name));
  return orderOf(was).join() !== orderOf(is).join();
}

function isDestination(path: string): boolean {
  return /^destinations[.[]/.test(path);
}

const derive = promisify<string, string, number, { N: number }, Buffer>(scrypt);

/**
 * Twelve hex digits that are equal on all nodes whose configurations are. They are slow to compute, so that nobody who
 * sees them can try out secrets.
 */
export async function digestOf(flat: FlatConfig): Promise<string> {
  const text = JSON.stringify([...flat]);
  const digest = await derive(text, 'webhook-receiver configuration', 6, { N: 2 ** 14 });
  return digest.toString('hex');
}

function sourceParts({ verification, ...own }: SourceConfig): object {
  return { ...own, ...verification };
}

function destinationParts({ target, ...rules }: DestinationConfig, folder: string | null): object {
  return { ...rules, ...targetParts(target, folder) };
}

/** Nodes may have the same files in different folders. */
function targetParts(target: Target, folder: string | null): object {
  if (target.kind !== 'module' || folder === null) return target;
  return { ...target, path: relative(folder, target.path) };
}

function flatten(flat: Map<string, string>, path: readonly PropertyKey[], value: unknown): void {
  const members = Array.isArray(value) ? [...value.entries()] : membersOf(value);
  if (members.length > 0) {
    for (const [key, member] of members) flatten(flat, [...path, key], member);
    return;
  }
  if (value === undefined) return;
  flat.set(pathText(path), typeof value === 'function' ? String(value) : JSON.stringify(value));
}

function membersOf(value: unknown): [string, unknown][] {
  return typeof value === 'object' && value !== null ? Object.entries(value) : [];
}

const WHOLE = /^(?:sources|destinations|tokens)(?:\.[\w$-]+|\["(?:[^"\\]|\\.)*"\])/;

/** The source or destination that a path lies in, or the path itself. */
function wholeOf(path: string): string {
  return WHOLE.exec(path)?.[0] ?? path;
}

/** Every source and destination has its name, every token its role. */
function hasAt(flat: FlatConfig, whole: string): boolean {
  return ['', '.name', '.role'].some((key) => flat.has(`${whole}${key}`));
}
