#!/usr/bin/env -S node --max-semi-space-size=8
// Plain JavaScript, and imports only after the check: an older Node must get this far to be told.
import { existsSync } from 'node:fs';
import module from 'node:module';

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 24 || (major === 24 && minor < 15)) {
  console.error(
    `webhook-receiver needs Node.js 24.15 or newer; this is ${process.versions.node} (${process.execPath}). ` +
      'In a checkout, `npm ci` brings the right one and `npm start` uses it.',
  );
  process.exit(1);
}

// Halves the time of a start. Where the cache cannot be written, it starts without.
module.enableCompileCache?.();

// A checkout runs its sources; the published package holds them compiled, since Node strips no types in node_modules.
const source = new URL('../src/main.ts', import.meta.url);
await import(existsSync(source) ? source.href : new URL('../dist/main.js', import.meta.url).href);
