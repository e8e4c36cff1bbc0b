import type {
  Condition,
  HmacScheme,
  JwtScheme,
  Locator,
  PluginScheme,
  Scheme,
  SignatureRule,
  TimestampRule,
} from '../verify/scheme.ts';

/** Descriptions of schemes for `webhook-receiver providers` and the generated documentation. */

const ENCODING_WORDS = {
  hex: 'hex',
  HEX: 'upper-case hex',
  base64: 'base64',
  base64url: 'base64url',
} as const;

const PLUGIN_WORDS: Readonly<Record<PluginScheme['plugin'], string>> = {
  sns: 'RSA signature of the fields of the message, by the certificate of AWS that the message names',
  paypal:
    'RSA-SHA256 signature of transmission id, time, webhook id and CRC-32 of the body, by the certificate of PayPal that a header names',
  ebay: 'ECDSA signature of the body, by the public key of eBay that the header names',
};

/** One sentence on what a request must carry to satisfy the scheme. */
export function describeScheme(scheme: Scheme): string {
  return [
    describeProof(scheme),
    'each' in scheme && scheme.each !== undefined ? `, for every item of ${place(scheme.each)}` : '',
    'ts' in scheme && scheme.ts !== undefined ? `; ${describeTimestamp(scheme.ts)}` : '',
    scheme.when === undefined ? '' : ` (${describeCondition(scheme.when)})`,
  ].join('');
}

/** The algorithm alone: `HMAC-SHA256`. */
export function nameAlgorithm(scheme: Scheme): string {
  switch (scheme.alg) {
    case 'hmac':
      return `HMAC-${hashName(scheme.hash)}`;
    case 'digest':
      return `${hashName(scheme.hash)} digest`;
    case 'ed25519':
      return 'Ed25519';
    case 'ecdsa-p256':
      return 'ECDSA P-256';
    case 'rsa-sha256':
      return 'RSA-SHA256';
    case 'token':
      return 'token';
    case 'basic':
      return 'HTTP Basic';
    case 'jwt':
      return `JWT ${scheme.jwt.algs.join('/')}`;
    case 'plugin':
      return scheme.plugin === 'ebay' ? 'fetched key' : 'certificate';
  }
}

function describeProof(scheme: Scheme): string {
  switch (scheme.alg) {
    case 'hmac':
      return `${nameAlgorithm(scheme)} of ${signedText(scheme.signed)}, ${signaturePlace(scheme.sig)}${hmacRest(scheme)}`;
    case 'digest':
    case 'ed25519':
    case 'ecdsa-p256':
    case 'rsa-sha256':
      return `${nameAlgorithm(scheme)} of ${signedText(scheme.signed)}, ${signaturePlace(scheme.sig)}`;
    case 'token':
      return `${equalTo(scheme.equals ?? 'secret')}, ${signaturePlace(scheme.sig, false)}`;
    case 'basic':
      return 'user name and password of HTTP Basic, in the header `Authorization`';
    case 'jwt':
      return `${nameAlgorithm(scheme)}, ${signaturePlace(scheme.sig, false)}${describeClaims(scheme)}`;
    case 'plugin':
      return PLUGIN_WORDS[scheme.plugin];
  }
}

function hashName(hash = 'sha256'): string {
  return hash.toUpperCase();
}

function signedText(signed: string | readonly string[] = '{body}'): string {
  return [signed].flat().map(code).join(' or ');
}

function hmacRest({ key, bodyHashQuery }: HmacScheme): string {
  const decoded =
    key?.enc === undefined || key.enc === 'utf8' ? '' : `; the key is the secret decoded from ${key.enc}`;
  const hashed =
    bodyHashQuery === undefined
      ? ''
      : `; the query parameter ${code(bodyHashQuery)} is the SHA-256 of the body`;
  return decoded + hashed;
}

function equalTo(value: string): string {
  return value === 'secret' ? 'the secret itself' : `the value of ${place(value)}`;
}

/** @param isEncoded whether to name the encoding */
function signaturePlace(sig: SignatureRule, isEncoded = true): string {
  const { from, key, prefix, split, enc = 'hex' } = sig;
  const keys = key === undefined ? [] : [key].flat().map(keyWords);
  return [
    isEncoded ? `${ENCODING_WORDS[enc]} in ` : 'in ',
    keys.length === 0 ? '' : `${keys.join(' or ')} of `,
    [from].flat().map(place).join(' or '),
    prefix === undefined ? '' : ` behind ${code(prefix)}`,
    split === undefined || keys.length > 0 ? '' : ' (a list, of which any may fit)',
  ].join('');
}

/** A key whose name is a parameter of the source. */
function keyWords(key: string): string {
  const [, param] = /^param:(.+)$/.exec(key) ?? [];
  return param === undefined ? code(key) : `what the parameter ${code(param)} names`;
}

const UNIT_WORDS = { s: 'seconds', ms: 'milliseconds', iso: 'ISO 8601' } as const;

function describeTimestamp({ from, unit = 's', tol = 300 }: TimestampRule): string {
  const age = tol === null ? 'whose age is not judged' : `at most ${tol} s from now`;
  return `timestamp in ${[from].flat().map(place).join(' or ')} (${UNIT_WORDS[unit]}), ${age}`;
}

function describeClaims({ jwt }: JwtScheme): string {
  const claims = [
    ...(jwt.iss === undefined ? [] : [`iss ${[jwt.iss].flat().map(code).join(' or ')}`]),
    ...(jwt.aud === undefined ? [] : [`aud ${code(jwt.aud)}`]),
    ...Object.entries(jwt.claims ?? {}).map(([name, value]) => `${name} ${code(String(value))}`),
    ...(jwt.requireExp === true ? ['exp'] : []),
    ...(jwt.iatTol === undefined ? [] : [`iat at most ${jwt.iatTol} s ago`]),
    ...(jwt.bodyHash === undefined ? [] : [`${jwt.bodyHash} the SHA-256 of the body`]),
  ];
  return claims.length === 0 ? '' : `, with the claims ${claims.join(', ')}`;
}

function describeCondition(when: Condition): string {
  const types = (list: readonly string[]) => list.map(code).join(' or ');
  return [
    ...(when.secretPrefix === undefined ? [] : [`if the secret begins with ${code(when.secretPrefix)}`]),
    ...(when.noSecretPrefix === undefined
      ? []
      : [`unless the secret begins with ${code(when.noSecretPrefix)}`]),
    ...(when.header === undefined ? [] : [`if there is a header ${code(when.header)}`]),
    ...(when.noHeader === undefined ? [] : [`unless there is a header ${code(when.noHeader)}`]),
    ...(when.query === undefined ? [] : [`if the URL has ${code(when.query)}`]),
    ...(when.noQuery === undefined ? [] : [`unless the URL has ${code(when.noQuery)}`]),
    ...(when.contentType === undefined ? [] : [`if the body is ${types(when.contentType)}`]),
    ...(when.notContentType === undefined ? [] : [`unless the body is ${types(when.notContentType)}`]),
  ].join(', ');
}

/** Where a locator points to. */
export function place(locator: Locator): string {
  const at = locator.indexOf(':');
  const [kind, rest] = [locator.slice(0, at), locator.slice(at + 1)];
  switch (kind) {
    case 'header':
      return rest.endsWith('*') ? `the headers ${code(rest)}` : `the header ${code(rest)}`;
    case 'query':
      return `the query parameter ${code(rest)}`;
    case 'body':
      return rest === '' ? 'the body' : `${code(rest)} of the body`;
    case 'form':
      return `the form field ${code(rest)}`;
    case 'sig':
      return `${code(rest)} of the same header`;
    case 'item':
      return rest === '' ? 'the item' : `${code(rest)} of the item`;
    case 'param':
      return `the parameter ${code(rest)}`;
    case 'xml':
      return `the element ${code(rest)} of the XML`;
    case 'key':
      return `the name of the first member of the body that is none of ${code(rest)}`;
    default:
      return code(locator);
  }
}

/** A value as inline code, whatever characters it has. */
export function code(value: string): string {
  const text = value.replace(/[\n\r\t]/g, (character) => JSON.stringify(character).slice(1, -1));
  return text.includes('`') ? `\`\` ${text} \`\`` : `\`${text}\``;
}
