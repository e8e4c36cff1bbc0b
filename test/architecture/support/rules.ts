import path from 'node:path';
import { isForTests, type SourceFile } from './source-files.ts';

export const MAX_FUNCTION_LINES = 70;
const SLIVER_LINES = 30;

/** Groups of files that import each other in a circle, types included, each sorted. */
export function importCircles(files: readonly SourceFile[]): readonly (readonly string[])[] {
  const importsOf = new Map(files.map(({ file, imports }) => [file, imports]));
  const reaches = new Map(files.map(({ file }) => [file, reachable(file, importsOf)]));
  const circles = new Map<string, string[]>();
  for (const { file } of files) {
    const all = [...reaches.get(file)!].filter((other) => reaches.get(other)?.has(file));
    if (all.length > 0) circles.set(all.toSorted().join(), all.toSorted());
  }
  return [...circles.values()];
}

function reachable(from: string, importsOf: ReadonlyMap<string, readonly string[]>): Set<string> {
  const seen = new Set<string>();
  const next = [...(importsOf.get(from) ?? [])];
  for (let file = next.pop(); file !== undefined; file = next.pop()) {
    if (seen.has(file)) continue;
    seen.add(file);
    next.push(...(importsOf.get(file) ?? []));
  }
  return seen;
}

/** `file: function` of each function that is too long, tests and what serves them left out. */
export function longFunctions(files: readonly SourceFile[]): readonly string[] {
  return files
    .filter(({ file }) => !isForTests(file))
    .flatMap(({ file, functions }) =>
      functions.filter(({ lines }) => lines > MAX_FUNCTION_LINES).map(({ name }) => `${file}: ${name}`),
    );
}

/**
 * Files too small to stand alone: at most 30 lines and a single importer, where the program's files and those of the
 * conformance suites are counted. Verbs of drivers, landed migrations, declarations of providers, and files with a
 * test of their own may be small.
 */
export function slivers(files: readonly SourceFile[]): readonly string[] {
  const names = new Set(files.map(({ file }) => file));
  const verbs = new Set(files.filter(({ file }) => PORTS.test(file)).flatMap(({ methods }) => methods));
  const importers = new Map<string, number>();
  for (const { file, imports } of files.filter(({ file }) => !isForTests(file))) {
    for (const target of imports)
      if (target !== file) importers.set(target, (importers.get(target) ?? 0) + 1);
  }
  return files
    .filter(({ file, lines }) => !isForTests(file) && lines <= SLIVER_LINES && importers.get(file) === 1)
    .map(({ file }) => file)
    .filter((file) => !hasOwnTest(file, names) && !isDriverVerb(file, names, verbs) && !isDeclaration(file));
}

function hasOwnTest(file: string, names: ReadonlySet<string>): boolean {
  return names.has(file.replace(/\.ts$/, '.test.ts')) || names.has(file.replace(/\.ts$/, '.proof.ts'));
}

/** A verb is a method of the port, or has the same name in another driver. */
function isDriverVerb(file: string, names: ReadonlySet<string>, verbs: ReadonlySet<string>): boolean {
  const [port, driver, verb, ...rest] = file.split('/');
  const drivers = DRIVERS[port!] ?? [];
  if (verb === undefined || rest.length > 0 || !drivers.includes(driver!)) return false;
  const method = path.basename(verb, '.ts').replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
  if (verbs.has(method)) return true;
  return drivers.some((other) => other !== driver && names.has(path.join(port!, other, verb)));
}

const PORTS = /^(?:store\/port\/[\w-]+|queue\/queue)\.ts$/;

const DRIVERS: Readonly<Record<string, readonly string[]>> = {
  store: ['sqlite', 'postgres', 'memory'],
  queue: ['redis', 'rabbitmq', 'memory'],
};

function isDeclaration(file: string): boolean {
  return /^store\/\w+\/migrations\//.test(file) || /^verify\/providers\//.test(file);
}
