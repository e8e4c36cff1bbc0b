import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import type { FastifyInstance } from 'fastify';

const FOLDER = new URL('./assets/', import.meta.url);
const MEDIA_TYPES: Readonly<Record<string, string>> = {
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
};

/** The scripts and the style sheet of the console, as they lie in the folder. */
export type Assets = Readonly<{
  /** The URL of a file. It has the hash of all files in it, since scripts import each other by name. */
  urlOf(name: string): string;
  files: ReadonlyMap<string, Readonly<{ type: string; bytes: Buffer }>>;
  hash: string;
}>;

/** Reads all files once. */
export function readAssets(): Assets {
  const files = new Map(
    readdirSync(FOLDER)
      .filter((name) => MEDIA_TYPES[endingOf(name)] !== undefined)
      .toSorted()
      .map((name) => [
        name,
        { type: MEDIA_TYPES[endingOf(name)]!, bytes: readFileSync(new URL(name, FOLDER)) },
      ]),
  );
  const digest = createHash('sha256');
  for (const [name, { bytes }] of files) digest.update(name).update(bytes);
  const hash = digest.digest('hex').slice(0, 16);
  return { files, hash, urlOf: (name) => `/console/assets/${hash}/${name}` };
}

function endingOf(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1);
}

/** Serves them to anyone: they are in the published package. */
export function registerAssets(api: FastifyInstance, { files, hash }: Assets): void {
  api.get<{ Params: { hash: string; name: string } }>('/console/assets/:hash/:name', (request, reply) => {
    const file = files.get(request.params.name);
    if (file === undefined) return reply.callNotFound();
    const tag = `"${hash}"`;
    // Another hash is that of another version, whose page is still open, or which another node runs.
    const isCurrent = request.params.hash === hash;
    reply.header('cache-control', isCurrent ? 'public, max-age=31536000, immutable' : 'no-cache');
    reply.header('etag', tag);
    if (request.headers['if-none-match'] === tag) return reply.code(304).send();
    return reply.type(file.type).send(file.bytes);
  });
}
