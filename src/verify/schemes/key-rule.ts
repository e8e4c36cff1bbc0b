import { createSecretKey, hash, type KeyObject } from 'node:crypto';
import { decodeStrictly } from '../read/decode.ts';
import type { Compiled } from '../read/locate.ts';
import type { KeyRule } from '../scheme.ts';

/** Derives the key from a secret. A problem never contains the secret. */
export function makeKey(secret: string, rule: KeyRule): Compiled<KeyObject> {
  const bytes = keyBytes(secret, rule);
  if (!bytes.ok) return bytes;
  // Anyone could sign with an empty key.
  if (bytes.value.length === 0) return { ok: false, problem: 'the secret is empty' };
  const [least, most] = rule.bytes ?? [1, Number.POSITIVE_INFINITY];
  if (bytes.value.length < least || bytes.value.length > most) {
    const problem = `the secret stands for ${bytes.value.length} bytes, ${least} to ${most} were expected`;
    return { ok: false, problem };
  }
  return { ok: true, value: createSecretKey(bytes.value) };
}

function keyBytes(secret: string, rule: KeyRule): Compiled<Buffer> {
  const rest =
    rule.strip !== undefined && secret.startsWith(rule.strip) ? secret.slice(rule.strip.length) : secret;
  const text =
    rule.derive === 'nfkd' ? rest.normalize('NFKD') : rule.derive === 'html' ? decodeHtml(rest) : rest;
  const bytes = decodeKey(text, rule.enc ?? 'utf8');
  if (bytes === null) {
    const expected = `${rule.strip === undefined ? '' : `"${rule.strip}" and `}${rule.enc}`;
    return { ok: false, problem: `the secret is not ${expected}: copy it again, whole and without spaces` };
  }
  return {
    ok: true,
    value: rule.derive === 'sha1' && bytes.length > 0 ? hash('sha1', bytes, 'buffer') : bytes,
  };
}

function decodeKey(text: string, enc: NonNullable<KeyRule['enc']>): Buffer | null {
  if (enc === 'utf8' || text === '') return Buffer.from(text);
  return decodeStrictly(enc === 'hex' ? text.toLowerCase() : text, enc);
}

const NAMED: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"' };
const NUMBERED: ReadonlySet<number> = new Set([34, 38, 39, 60, 62]);

/** Decodes the entities of HTML's special characters and no others, once: WordPress keeps secrets so encoded. */
export function decodeHtml(text: string): string {
  return text.replace(
    /&(?:(lt|gt|amp|quot)|#0*(\d{2})|#x0*([0-9a-f]{2}));/gi,
    (entity, name, decimal, hex) => {
      if (name !== undefined) return NAMED[name] ?? entity;
      const code = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal);
      return NUMBERED.has(code) ? String.fromCharCode(code) : entity;
    },
  );
}
