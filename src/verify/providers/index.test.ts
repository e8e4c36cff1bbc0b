import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { suite, test } from 'node:test';
import { FAMILIES, type Handshake, type Provider } from '../provider.ts';
import { compileLocator } from '../read/locate.ts';
import { compileTemplate } from '../read/template.ts';
import { findProvider, normalizeProviderName, PROVIDERS } from './index.ts';

/** Names that people know providers by, beside their ids. */
const ALIASES: Readonly<Record<string, string>> = {
  whatsapp: 'meta',
  Instagram: 'meta',
  facebook: 'meta',
  forgejo: 'gitea',
  x: 'x-twitter',
  Twitter: 'x-twitter',
  coinbase: 'coinbase-commerce',
  pubsub: 'google-pubsub',
  'gcp-pubsub': 'google-pubsub',
  sns: 'aws-sns',
  graph: 'microsoft-graph',
  msgraph: 'microsoft-graph',
  'event-grid': 'azure-event-grid',
  'lemon-squeezy': 'lemonsqueezy',
  customerio: 'customer-io',
  'Customer.io': 'customer-io',
  'Cal.com': 'cal-com',
  hubspot: 'hubspot-v3',
  hellosign: 'dropbox-sign',
  'Standard Webhooks': 'standard-webhooks',
  STRIPE: 'stripe',
  'monday.com': 'monday',
  'monday-com': 'monday',
  gcp: 'google-pubsub',
  'sanity.io': 'sanity',
  'shopify-events': 'shopify',
  'linear-app': 'linear',
};

/** Where the header of an id is not signed, so that a replay could change it. */
const UNSIGNED_IDS = [
  'github',
  'gitlab',
  'bitbucket',
  'shopify',
  'linear',
  'jira',
  'razorpay',
  'sentry',
  'woocommerce',
];

function templatesOf({ idempotencyKey, eventType, replayKey = [] }: Provider): readonly string[] {
  const keys = idempotencyKey.map((key) => (typeof key === 'string' ? key : key.of));
  return [...keys, ...eventType, ...(typeof replayKey === 'string' ? [replayKey] : replayKey)];
}

function textsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

function paramsNamed(provider: Provider): ReadonlySet<string> {
  const text = JSON.stringify([provider.schemes, provider.handshakes]);
  const inTexts = [...text.matchAll(/\bparam:(\w+)/g)].map((found) => found[1]!);
  const forSecrets = (provider.handshakes ?? []).flatMap(({ secretParam }) => secretParam ?? []);
  return new Set([...inTexts, ...forSecrets]);
}

suite('providers', () => {
  test('each has a file of its name, and each file is listed', () => {
    const files = readdirSync(import.meta.dirname).filter(
      (name) => !/\.test\.ts$|^(?:index|families)\.ts$/.test(name),
    );
    assert.deepEqual(
      files.map((name) => name.replace(/\.ts$/, '')).sort(),
      PROVIDERS.map(({ id }) => id).sort(),
    );
  });

  test('ids and aliases are one provider each, whatever their hyphens', () => {
    const names = PROVIDERS.flatMap(({ id, aliases = [] }) => [id, ...aliases].map(normalizeProviderName));
    assert.deepEqual(
      names.filter((name, i) => names.indexOf(name) !== i),
      [],
    );
    for (const { id } of PROVIDERS) assert.match(id, /^[a-z0-9]+(?:-[a-z0-9]+)*$/);
  });

  for (const [name, id] of Object.entries(ALIASES)) {
    test(`${name} is ${id}`, () => assert.equal(findProvider(name)?.id, id));
  }

  test('an unknown name is none', () => {
    for (const name of ['', 'nobody', 'constructor', '__proto__', '-'])
      assert.equal(findProvider(name), null);
  });

  test('every family has members', () => {
    const used = new Set(PROVIDERS.map(({ family }) => family));
    assert.deepEqual([...used].sort(), Object.keys(FAMILIES).sort());
  });

  test('ids that the signature does not cover have a replay key with the body, where retries have an id', () => {
    for (const id of UNSIGNED_IDS) {
      for (const key of [findProvider(id)?.replayKey ?? ''].flat())
        assert.match(key, /\{body_sha256_hex\}$/, id);
    }
    // The order of Twilio's fields is not signed: of two bodies with one signature the signature is the name.
    assert.equal(findProvider('twilio')?.replayKey, '{header:X-Twilio-Signature}');
    assert.equal(findProvider('mandrill')?.replayKey, '{header:X-Mandrill-Signature}');
  });

  for (const provider of PROVIDERS) {
    test(`${provider.id}: complete`, () => {
      assert.notEqual(provider.name, '');
      assert.ok(provider.schemes.length > 0);
      for (const { what, option } of provider.needs) {
        assert.ok(what.length > 10 && what.endsWith('.'), `${option}: say where it is found`);
      }
      assert.ok(provider.needs.length > 0);
      for (const note of provider.notes ?? []) assert.match(note, /[.)]$/);
      assert.ok(provider.eventType.length > 0);
    });

    test(`${provider.id}: parameters that it reads are those that it needs`, () => {
      const needed = provider.needs.flatMap(({ option }) =>
        option.startsWith('params.') ? option.slice(7) : [],
      );
      const named = paramsNamed(provider);
      // What plug-ins and Plaid's keys read stands in no template.
      const isOpaque = /"alg":"plugin"|"keys":"plaid"/.test(JSON.stringify(provider.schemes));
      if (!isOpaque) assert.deepEqual([...named].sort(), [...needed].sort());
      else for (const name of named) assert.ok(needed.includes(name), name);
    });

    test(`${provider.id}: templates and locators can be read`, () => {
      for (const template of templatesOf(provider)) {
        const compiled = compileTemplate(template);
        assert.ok(compiled.ok, compiled.ok ? '' : compiled.problem);
      }
      for (const handshake of provider.handshakes ?? []) checkHandshake(handshake);
    });

    test(`${provider.id}: has a sample`, () => {
      const { sample } = provider;
      assert.ok(sample !== undefined && sample.eventType !== '');
      const words = textsIn([sample.body, sample.headers])
        .join(' ')
        .matchAll(/\{([a-z_]+)\}/g);
      for (const [, word] of words) {
        assert.ok(
          ['uuid', 'now_s', 'now_ms', 'now_iso', 'event_type'].includes(word!),
          `{${word}} stands for nothing`,
        );
      }
    });
  }
});

function checkHandshake({ name, when = {}, action, mac, reply, secretAt }: Handshake): void {
  const { equals = {}, matches = {}, absent = [] } = when;
  const locators = [
    ...Object.keys(equals),
    ...Object.keys(matches),
    ...absent,
    ...(secretAt ? [secretAt] : []),
  ];
  if (action?.kind === 'keep-secret') locators.push(action.from);
  if (action?.kind === 'confirm-subscription') locators.push(action.url);
  for (const locator of locators) assert.ok(compileLocator(locator).ok, `${name}: ${locator}`);
  const templates = [...textsIn(reply.body), ...Object.values(reply.headers ?? {}), ...(mac ? [mac.of] : [])];
  for (const template of templates) assert.ok(compileTemplate(template).ok, `${name}: ${template}`);
  for (const pattern of Object.values(matches)) assert.doesNotThrow(() => new RegExp(pattern));
  // What comes from the request and goes back has been looked at first.
  for (const [, locator] of templates.join(' ').matchAll(/\{((?:body|query|header):[^{}]+)\}/g)) {
    assert.ok(locator! in matches || locator! in equals, `${name}: ${locator} is echoed unseen`);
  }
}
