import { readVariable, type VariableReading } from './variable.ts';

// NUL is valid in no secret, header or URL, so a marker that is not found here is refused by any field.
const MARKER = /\0env\((.*?)\)([^\0]*)\0/;

/** What `env` has read from files, by the variable's name, and the files that it has looked at. */
const fromFiles = new Map<string, string>();
const files = new Set<string>();

/**
 * An environment variable that the configuration needs: `secret: env('GITHUB_SECRET')`. With `GITHUB_SECRET_FILE` set
 * instead, it is the content of that file, read with every load of the configuration. A variable that is unset or empty
 * stops the start, with a message that names the variable and the option.
 *
 * It may be a part of a longer text: `` secret: `webhooks:${env('PASSWORD')}` ``.
 */
export function env(name: string): string {
  const reading = readVariable(process.env, name);
  if (reading.kind !== 'missing' && reading.file !== null) files.add(reading.file);
  if (reading.kind !== 'set') return `\0env(${name})${problemOf(reading)}\0`;
  if (reading.file !== null) fromFiles.set(name, reading.text);
  return reading.text;
}

/** A marker instead of an exception, so that all problems of the file are reported at once. */
function problemOf(reading: Exclude<VariableReading, { kind: 'set' }>): string {
  if (reading.kind === 'wrong') return reading.problem;
  return reading.isEmpty ? 'empty' : 'unset';
}

/** The files that `env` has read, or tried to read, in this process. Their number is that of the variables. */
export function filesOfEnv(): readonly string[] {
  return [...files];
}

/** The variables whose text may be a part of the configuration's: those of the process, and what `env` read from files. */
export function knownVariables(): readonly (readonly [name: string, text: string])[] {
  const own = Object.entries(process.env).map(([name, text = '']) => [name, text] as const);
  return [...own, ...fromFiles];
}

/** A text of the configuration whose variable has no value. */
export type MissingEnv = Readonly<{
  path: readonly PropertyKey[];
  name: string;
  /** `unset`, `empty`, or a sentence about the file that was to have the value. */
  problem: string;
}>;

/** Deeper than any valid configuration; ends the search in cyclic values. */
const DEPTH_MAX = 12;

/** Finds the markers that `env` returned for missing variables, at any depth. */
export function findMissingEnv(value: unknown, path: readonly PropertyKey[] = []): MissingEnv[] {
  if (typeof value === 'string') return readMarker(value, path);
  if (typeof value !== 'object' || value === null || path.length > DEPTH_MAX) return [];
  return Object.entries(value).flatMap(([key, member]) =>
    findMissingEnv(member, [...path, Array.isArray(value) ? Number(key) : key]),
  );
}

/** Whether a value contains such a marker. */
export function lacksEnv(value: unknown): boolean {
  return findMissingEnv(value).length > 0;
}

function readMarker(text: string, path: readonly PropertyKey[]): MissingEnv[] {
  const found = MARKER.exec(text);
  return found === null ? [] : [{ path, name: found[1]!, problem: found[2]! }];
}
