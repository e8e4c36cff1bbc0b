import { readFileSync } from 'node:fs';

/** The version of this program, from its package.json: two folders up both in src/ and in dist/. */
export function packageVersion(): string {
  const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}
