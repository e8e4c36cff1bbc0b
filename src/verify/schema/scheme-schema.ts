import { z } from 'zod';
import { part } from '../../schema/strict-object.ts';
import {
  type BasicScheme,
  type DigestScheme,
  HASHES,
  type HmacScheme,
  type JwtScheme,
  PLUGINS,
  type PluginScheme,
  type PublicKeyScheme,
  type Scheme,
  type TokenScheme,
} from '../scheme.ts';
import { jwtField } from './jwt-fields.ts';
import { checkedText, LOCATOR_TAKES, locatorField, locatorMistake } from './locator-fields.ts';
import {
  conditionField,
  type Fields,
  keyField,
  patternsField,
  signatureField,
  templates,
  textField,
  timestampField,
  wordField,
} from './scheme-fields.ts';
import { weaknessesOf } from './sound-scheme.ts';

const condition = { when: conditionField.exactOptional() };

const common = {
  ...condition,
  each: locatorField.exactOptional(),
  ts: timestampField.exactOptional(),
  matches: patternsField.exactOptional(),
};

const hmac = {
  alg: z.literal('hmac'),
  hash: wordField(HASHES).exactOptional(),
  sig: signatureField,
  signed: templates.exactOptional(),
  key: keyField.exactOptional(),
  bodyHashQuery: textField.exactOptional(),
  ...common,
} satisfies Fields<HmacScheme>;

const digest = {
  alg: z.literal('digest'),
  hash: wordField(HASHES).exactOptional(),
  sig: signatureField,
  signed: templates,
  ...common,
} satisfies Fields<DigestScheme>;

const publicKey = {
  alg: z.enum(['ed25519', 'ecdsa-p256', 'rsa-sha256']),
  sig: signatureField,
  signed: templates.exactOptional(),
  pub: wordField(['raw-hex', 'raw-b64', 'spki-b64', 'pem', 'jwk']),
  pubStrip: textField.exactOptional(),
  ...common,
} satisfies Fields<PublicKeyScheme>;

const EQUALS_TAKES = `secret, or ${LOCATOR_TAKES}`;

const token = {
  alg: z.literal('token'),
  sig: signatureField,
  equals: checkedText(EQUALS_TAKES, (text) =>
    text === 'secret' ? null : locatorMistake(text),
  ).exactOptional(),
  ...common,
} satisfies Fields<TokenScheme>;

const basic = { alg: z.literal('basic'), ...condition } satisfies Fields<BasicScheme>;

const jwt = {
  alg: z.literal('jwt'),
  sig: signatureField,
  jwt: jwtField,
  ...condition,
} satisfies Fields<JwtScheme>;

const plugin = {
  alg: z.literal('plugin'),
  plugin: wordField(PLUGINS),
  ...condition,
} satisfies Fields<PluginScheme>;

const ALGS = 'hmac, digest, ed25519, ecdsa-p256, rsa-sha256, token, basic, jwt, plugin';

/**
 * A scheme, validated strictly: an unknown or misplaced member would verify less than intended, and so would a scheme
 * that signs nothing of the request.
 */
export const schemeSchema = z
  .discriminatedUnion(
    'alg',
    [part(hmac), part(digest), part(publicKey), part(token), part(basic), part(jwt), part(plugin)],
    {
      error: (issue) =>
        issue.code === 'invalid_union' ? `one of ${ALGS}` : `an object with alg, one of ${ALGS}`,
    },
  )
  .superRefine(
    (scheme, context) => {
      for (const { path, takes } of weaknessesOf(scheme)) {
        context.addIssue({ code: 'custom', path: [...path], message: takes });
      }
    },
    // Other mistakes are reported first.
    { when: ({ issues }) => issues.length === 0 },
  ) satisfies z.ZodType<Scheme>;
