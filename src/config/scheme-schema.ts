import { z } from 'zod';
import { JWT_ALGS } from '../ingest/verify/jwt.ts';
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
} from '../ingest/verify/scheme.ts';
import { numberField, urlField } from './file-fields.ts';
import { LIMITS, LIST_MAX } from './limits.ts';
import { checkedText, LOCATOR_TAKES, locatorField, locatorMistake } from './locator-fields.ts';
import {
  conditionField,
  type Fields,
  keyField,
  part,
  patternsField,
  signatureField,
  templates,
  textField,
  texts,
  timestampField,
  wordField,
} from './scheme-fields.ts';

const common = {
  when: conditionField.exactOptional(),
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
  pub: wordField(['raw-hex', 'raw-b64', 'spki-b64', 'pem']),
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

const basic = { alg: z.literal('basic'), ...common } satisfies Fields<BasicScheme>;

const ALGS_TAKES = `a list of one or more of ${JWT_ALGS.join(', ')}`;
const CLAIMS_TAKES = `an object of at most ${LIST_MAX} texts or booleans by claim`;
const KEYS_TAKES = 'secret, plaid or an object with the https url of a JWKS';

const jwtRules = {
  algs: z
    .array(wordField(JWT_ALGS), ALGS_TAKES)
    .refine(({ length }) => length > 0 && length <= LIST_MAX, ALGS_TAKES)
    .readonly(),
  bearer: z.boolean('true or false').exactOptional(),
  iss: texts.exactOptional(),
  aud: textField.exactOptional(),
  claims: z
    .record(z.string(), z.union([z.string(), z.boolean()], 'a text, true or false'), CLAIMS_TAKES)
    .refine((claims) => Object.keys(claims).length <= LIST_MAX, CLAIMS_TAKES)
    .readonly()
    .exactOptional(),
  iatTol: numberField(LIMITS.toleranceSeconds).exactOptional(),
  requireExp: z.boolean('true or false').exactOptional(),
  skew: numberField(LIMITS.skewSeconds).exactOptional(),
  bodyHash: textField.exactOptional(),
  keys: z.custom<JwtScheme['jwt']['keys']>(isKeySource, KEYS_TAKES),
} satisfies Fields<JwtScheme['jwt']>;

const jwksSchema = z.strictObject({ url: urlField.refine((url) => url.startsWith('https:')) });

function isKeySource(value: unknown): boolean {
  return value === 'secret' || value === 'plaid' || jwksSchema.safeParse(value).success;
}

const jwt = {
  alg: z.literal('jwt'),
  sig: signatureField,
  jwt: part(jwtRules).readonly(),
  ...common,
} satisfies Fields<JwtScheme>;

const plugin = {
  alg: z.literal('plugin'),
  plugin: wordField(PLUGINS),
  when: conditionField.exactOptional(),
} satisfies Fields<PluginScheme>;

const ALGS = 'hmac, digest, ed25519, ecdsa-p256, rsa-sha256, token, basic, jwt, plugin';

/** One way to verify, strictly: a member that is unknown or out of place would otherwise verify less than was meant. */
export const schemeSchema: z.ZodType<Scheme> = z.discriminatedUnion(
  'alg',
  [part(hmac), part(digest), part(publicKey), part(token), part(basic), part(jwt), part(plugin)],
  {
    error: (issue) =>
      issue.code === 'invalid_union' ? `one of ${ALGS}` : `an object with alg, one of ${ALGS}`,
  },
);
