import type { z } from 'zod';
import { nearest } from '../schema/nearest.ts';
import type { MissingEnv } from './env.ts';
import { show, showHidden, showUrl } from './show.ts';

type Path = readonly PropertyKey[];
type Issue = z.core.$ZodIssue;

/**
 * Describes the problems of a config file, one line each: the path, what it got, what it takes.
 * @param issues whose messages are what the field takes
 * @param input the value that was checked
 * @param name what to call the value as a whole
 */
export function fileProblems(issues: readonly Issue[], input: unknown, name: string): string[] {
  return issues.flatMap((issue) => {
    if (issue.code === 'unrecognized_keys') return unknownKeys(issue.path, issue.keys, issue.message);
    const at = issue.path.length === 0 ? name : pathText(issue.path);
    if (issue.code === 'invalid_key') return wrongName(at, issue);
    return `${at}: got ${gotOf(issue, input)}, takes ${issue.message}`;
  });
}

/** Describes a call of `env` whose variable has no value. */
export function missingEnvProblem({ path, name, problem }: MissingEnv): string {
  const got = `${pathText(path)}: got env(${show(name)})`;
  if (problem !== 'unset' && problem !== 'empty') return `${got}; ${problem}`;
  const state = problem === 'empty' ? 'empty' : 'not set';
  return `${got}, which is ${state}, takes a variable that has a value`;
}

/** A path as code: `destinations.billing.events[0]`, `destinations["a.b"].url`. */
export function pathText(path: Path): string {
  return path.map(segmentText).join('').replace(/^\./, '');
}

function segmentText(segment: PropertyKey): string {
  if (typeof segment === 'number') return `[${segment}]`;
  const name = String(segment);
  return /^[A-Za-z_$][\w$-]*$/.test(name) ? `.${name}` : `[${show(name)}]`;
}

/** @param known the known keys, as the schema's message lists them */
function unknownKeys(path: Path, keys: readonly string[], known: string): string[] {
  return keys.map((key) => `${pathText([...path, key])}: ${unknownKey(key, known)}`);
}

function unknownKey(key: string, known: string): string {
  if (known === '') return 'not a known key, takes none here';
  const meant = nearest(key, known.split(', '));
  return meant === null
    ? `not a known key, takes one of ${known}`
    : `not a known key, the nearest is ${meant}`;
}

function wrongName(at: string, issue: Extract<Issue, { code: 'invalid_key' }>): string {
  return `${at}: got the name ${show(String(issue.path.at(-1)))}, takes ${issue.issues[0]?.message}`;
}

function gotOf(issue: Issue, input: unknown): string {
  const params = issue.code === 'custom' ? issue.params : undefined;
  return typeof params?.got === 'string' ? params.got : showAt(issue.path, valueAt(input, issue.path));
}

/** Keys of destinations and sources whose values are never secret. */
const PRINTABLE: Readonly<Record<string, ReadonlySet<PropertyKey>>> = {
  destinations: new Set([
    ...['handler', 'sources', 'events', 'concurrency', 'timeoutSeconds', 'permanentStatuses', 'retry'],
    ...['orderBy', 'onFailure'],
  ]),
  tokens: new Set(['role']),
  sources: new Set([
    ...[
      'provider',
      'verify',
      'idempotencyKey',
      'eventType',
      'toleranceSeconds',
      'replayWindowSeconds',
      'replayOnRedelivery',
      'reply',
      'maxBodyBytes',
    ],
  ]),
};

const URLS: ReadonlySet<PropertyKey> = new Set(['url', 'publicUrl', 'public_url']);

/** Shows values of printable keys only: a value anywhere else may be a misplaced secret. */
function showAt([kind, _name, key]: Path, value: unknown): string {
  const printable = PRINTABLE[String(kind)];
  if (printable === undefined || key === undefined) return showHidden(value);
  if (URLS.has(key)) return showUrl(value);
  return printable.has(key) ? show(value) : showHidden(value);
}

function valueAt(input: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key],
    input,
  );
}
