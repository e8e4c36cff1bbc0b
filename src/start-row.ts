import { createHmac } from 'node:crypto';
import type { Config } from './config/config.ts';
import { changesOf, digestOf, flatConfig } from './config/digest.ts';
import { restartOnlyOf } from './config/restart.ts';
import { type AuditEntry, SYSTEM } from './domain/audit.ts';
import { packageVersion } from './observe/build-info.ts';
import { NAMED_CHANGES_MAX } from './reload.ts';
import type { Clock } from './runtime/clock.ts';
import type { Random } from './runtime/random.ts';
import type { ConfigurationStore } from './store/store.ts';

/** Where the key of the digests is kept among them: no value has an empty path. */
const KEY_PATH = '';
const KEY_BYTES = 32;
/** Of a value's digest. Enough to see a change, too little to be sure of a guessed secret. */
const DIGEST_CHARS = 8;

type StartRowParts = Readonly<{ store: ConfigurationStore; clock: Clock; random: Random }>;

/**
 * Writes to the audit that the receiver starts: with which version and configuration, as a digest, and what differs from the
 * start before, by name. Of the values only keyed digests are stored, so that no secret can be read from them.
 */
export async function writeStartRow({ store, clock, random }: StartRowParts, config: Config): Promise<void> {
  const known = new Map(await store.readConfiguration());
  const key = known.get(KEY_PATH) ?? newKey(random);
  known.delete(KEY_PATH);
  const flat = flatConfig(config);
  const digests = digestAll(key, new Map([...flat, ...restartOnlyOf(config)]));
  // The order of destinations is not kept, so it is the same in both.
  const changes = known.size === 0 ? [] : changesOf(inOrder(known), inOrder(digests));
  const entry: AuditEntry = {
    atMs: clock.nowMs(),
    actor: SYSTEM,
    action: 'receiver.start',
    target: 'receiver',
    before: null,
    after: {
      version: packageVersion(),
      digest: await digestOf(flat),
      changes: changes.length,
      ...(changes.length > 0 && { changed: changes.slice(0, NAMED_CHANGES_MAX).join(', ') }),
    },
  };
  const isKept = known.size > 0 && changes.length === 0;
  await store.keepConfiguration(isKept ? null : new Map([[KEY_PATH, key], ...digests]), entry);
}

function inOrder(values: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  return new Map([...values].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function newKey(random: Random): string {
  const key = Buffer.alloc(KEY_BYTES);
  random.fill(key);
  return key.toString('hex');
}

function digestAll(key: string, values: ReadonlyMap<string, string>): Map<string, string> {
  const digest = (path: string, text: string) =>
    createHmac('sha256', Buffer.from(key, 'hex'))
      .update(JSON.stringify([path, text]))
      .digest('hex')
      .slice(0, DIGEST_CHARS);
  return new Map([...values].map(([path, text]) => [path, digest(path, text)]));
}
