import { createHash } from 'node:crypto';
import { readFileSync, realpathSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { registerHooks } from 'node:module';
import { sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A file that Node has loaded: the digest of its content then, null if it could not be read, and what it imports. */
type Loaded = { readonly digest: string | null; readonly imports: Set<string> };

/** Node keeps a module until the process ends, so what is known of it holds for the process, too. */
const loaded = new Map<string, Loaded>();

/** The program's own files, which no reload loads again. */
const OWN_FOLDER = fileURLToPath(new URL('..', import.meta.url));

let isWatching = false;

/**
 * Notes a module of the user that is about to be loaded, and from then on every file that it imports, packages aside, so
 * that a change of them can be told: Node would go on with what it has loaded.
 */
export function noteModule(file: string): void {
  if (!isWatching) {
    isWatching = true;
    registerHooks({
      resolve(specifier, context, nextResolve) {
        const resolved = nextResolve(specifier, context);
        noteImport(resolved.url, context.parentURL);
        return resolved;
      },
    });
  }
  note(file);
}

/** The files at or below these modules, packages aside, whose content is another one than Node has loaded. */
export async function changedModules(files: Iterable<string>): Promise<string[]> {
  const all = new Set(files);
  // A set grows while it is walked.
  for (const file of all) for (const imported of loaded.get(file)?.imports ?? []) all.add(imported);
  const changed = await Promise.all(
    [...all].map(async (file) => {
      const known = loaded.get(file);
      return known !== undefined && known.digest !== (await digestNow(file)) ? file : [];
    }),
  );
  return changed.flat().toSorted();
}

/** The files that a module imports, at any depth, packages and the program itself aside. */
export function importsBelow(file: string): readonly string[] {
  const all = new Set(loaded.get(realFile(file))?.imports);
  for (const one of all) for (const imported of loaded.get(one)?.imports ?? []) all.add(imported);
  return [...all];
}

/** The file that a path leads to now, links followed; the path itself if nothing is there. */
export function realFile(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

function noteImport(url: string, parentUrl: string | undefined): void {
  const parent = loaded.get(fileOf(parentUrl ?? '') ?? '');
  const file = fileOf(url);
  if (parent === undefined || file === null || isForeign(file)) return;
  parent.imports.add(file);
  note(file);
}

function isForeign(file: string): boolean {
  return file.startsWith(OWN_FOLDER) || file.includes(`${sep}node_modules${sep}`);
}

function note(file: string): void {
  if (!loaded.has(file)) loaded.set(file, { digest: digestSync(file), imports: new Set() });
}

function fileOf(url: string): string | null {
  if (!url.startsWith('file:')) return null;
  const plain = new URL(url);
  plain.search = '';
  plain.hash = '';
  return fileURLToPath(plain);
}

function digestSync(file: string): string | null {
  try {
    return digestOf(readFileSync(file));
  } catch {
    return null;
  }
}

function digestNow(file: string): Promise<string | null> {
  return readFile(file).then(digestOf, () => null);
}

function digestOf(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('base64');
}
