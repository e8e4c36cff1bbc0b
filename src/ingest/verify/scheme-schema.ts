import { z } from 'zod';
import { JWT_ALGS } from './jwt.ts';
import { compileLocator } from './locate.ts';
import { ENCODINGS, HASHES, PLUGINS, TIMESTAMP_UNITS } from './scheme.ts';
import { compileTemplate } from './template.ts';

const text = z.string().min(1);
const locator = text.superRefine((value, context) => {
  const compiled = compileLocator(value);
  if (!compiled.ok) context.addIssue({ code: 'custom', message: compiled.problem });
});
const template = text.superRefine((value, context) => {
  const compiled = compileTemplate(value);
  if (!compiled.ok) context.addIssue({ code: 'custom', message: compiled.problem });
});
const locators = z.union([locator, z.array(locator).min(1)]);
const templates = z.union([template, z.array(template).min(1)]);
const hash = z.enum(HASHES);

const when = z.strictObject({
  secretPrefix: text.optional(),
  noSecretPrefix: text.optional(),
  header: text.optional(),
  noHeader: text.optional(),
  query: text.optional(),
  noQuery: text.optional(),
  contentType: z.array(text).min(1).optional(),
  notContentType: z.array(text).min(1).optional(),
});

const sig = z.strictObject({
  from: locators,
  group: text.optional(),
  split: text.optional(),
  kv: text.optional(),
  key: z.union([text, z.array(text).min(1)]).optional(),
  prefix: text.optional(),
  trim: z.boolean().optional(),
  enc: z.enum(ENCODINGS).optional(),
});

const ts = z.strictObject({
  from: locators,
  unit: z.enum(TIMESTAMP_UNITS).optional(),
  tol: z.number().min(0).nullable().optional(),
});

const key = z.strictObject({
  strip: text.optional(),
  enc: z.enum(['utf8', 'base64', 'hex']).optional(),
  derive: z.enum(['sha1', 'nfkd', 'html']).optional(),
  bytes: z.tuple([z.int().min(1), z.int().min(1)]).optional(),
});

const pattern = text.refine(isPattern, { error: 'is no regular expression' });
const common = {
  when: when.optional(),
  each: locator.optional(),
  ts: ts.optional(),
  matches: z.record(locator, pattern).optional(),
};

const publicKey = <A extends 'ed25519' | 'ecdsa-p256' | 'rsa-sha256'>(alg: A) =>
  z.strictObject({
    alg: z.literal(alg),
    ...common,
    sig,
    signed: templates.optional(),
    pub: z.enum(['raw-hex', 'raw-b64', 'spki-b64', 'pem']),
    pubStrip: text.optional(),
  });

const jwt = z.strictObject({
  algs: z.array(z.enum(JWT_ALGS)).min(1),
  bearer: z.boolean().optional(),
  iss: templates.optional(),
  aud: template.optional(),
  claims: z.record(z.string(), z.union([template, z.boolean()])).optional(),
  iatTol: z.number().min(0).optional(),
  requireExp: z.boolean().optional(),
  skew: z.number().min(0).optional(),
  bodyHash: text.optional(),
  keys: z.union([
    z.literal('secret'),
    z.literal('plaid'),
    z.strictObject({ url: z.url({ protocol: /^https$/ }) }),
  ]),
});

const schemeSchema = z.discriminatedUnion('alg', [
  z.strictObject({
    alg: z.literal('hmac'),
    ...common,
    hash: hash.optional(),
    sig,
    signed: templates.optional(),
    key: key.optional(),
    bodyHashQuery: text.optional(),
  }),
  z.strictObject({ alg: z.literal('digest'), ...common, hash: hash.optional(), sig, signed: templates }),
  publicKey('ed25519'),
  publicKey('ecdsa-p256'),
  publicKey('rsa-sha256'),
  z.strictObject({
    alg: z.literal('token'),
    ...common,
    sig,
    equals: z.union([z.literal('secret'), locator]).optional(),
  }),
  z.strictObject({ alg: z.literal('basic'), when: when.optional() }),
  z.strictObject({ alg: z.literal('jwt'), when: when.optional(), sig, jwt }),
  z.strictObject({ alg: z.literal('plugin'), plugin: z.enum(PLUGINS), when: when.optional() }),
]);

/**
 * What is wrong with a scheme that a user wrote, one line each, beginning with the path to it: `.sig.from: …`. Empty if
 * it is a scheme.
 */
export function checkScheme(scheme: unknown): readonly string[] {
  const parsed = schemeSchema.safeParse(scheme);
  return parsed.success ? [] : parsed.error.issues.flatMap((issue) => describe(issue));
}

function isPattern(source: string): boolean {
  try {
    return new RegExp(source) instanceof RegExp;
  } catch {
    return false;
  }
}

type Issue = z.core.$ZodIssue;

function describe(issue: Issue): readonly string[] {
  const place = issue.path
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
    .join('');
  if (issue.code !== 'invalid_union') return [`${place}: ${issue.message}`];
  if (issue.errors.length === 0) return [`${place === '' ? '.alg' : place}: is none of the schemes`];
  // Of "one or several" the branch that came further says what is wrong.
  const branch = issue.errors.find((issues) =>
    issues.some(({ code, path }) => code === 'custom' || path.length > 0),
  );
  return (branch ?? issue.errors[0]!).flatMap((inner) =>
    describe({ ...inner, path: [...issue.path, ...inner.path] } as Issue),
  );
}
