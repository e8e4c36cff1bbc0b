import { createHmac } from 'node:crypto';
import type { Config } from './config/config.ts';
import { changesOf, digestOf, type FlatConfig, flatConfig } from './config/digest.ts';
import { restartOnlyOf } from './config/restart.ts';
import { type AuditEntry, SYSTEM } from './domain/audit.ts';
import { packageVersion } from './observe/build-info.ts';
import { NAMED_CHANGES_MAX } from './reload.ts';
import type { Clock } from './runtime/clock.ts';
import type { Random } from './runtime/random.ts';
import type { ConfigurationStore } from './store/store.ts';

/** Where the key of the digests is kept among them: no value has an empty path. */
const KEY_PATH = '';
/** Its text is what a row calls it. The deliveries of an event are in this order. */
const ORDER_PATH = 'the order of destinations';
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
  const order = JSON.stringify(config.destinations.map(({ name }) => name));
  const digests = digestAll(key, new Map([...flat, ...restartOnlyOf(config), [ORDER_PATH, order]]));
  const changes = known.size === 0 ? [] : changesOf(...comparable(known, digests));
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

/** The values of both in the order of their paths, and the order of destinations only if it is known to be another one. */
function comparable(before: FlatConfig, after: FlatConfig): readonly [FlatConfig, FlatConfig] {
  const isKnown = before.has(ORDER_PATH) && destinationsIn(before) === destinationsIn(after);
  const inOrder = (values: FlatConfig) =>
    new Map(
      [...values].filter(([path]) => isKnown || path !== ORDER_PATH).toSorted(([a], [b]) => (a < b ? -1 : 1)),
    );
  return [inOrder(before), inOrder(after)];
}

/** Whichever way the names of the destinations are written in paths. */
function destinationsIn(values: FlatConfig): string {
  return [...values.keys()]
    .filter((path) => /^destinations.*\bname$/.test(path))
    .toSorted()
    .join();
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
