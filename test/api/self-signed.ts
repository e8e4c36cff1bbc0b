import { type KeyObject, sign } from 'node:crypto';

/** The least of an X.509 certificate (RFC 5280, version 1): node:crypto reads them, but makes none. */
export function selfSigned(
  commonName: string,
  keys: Readonly<{ publicKey: KeyObject; privateKey: KeyObject }>,
): string {
  const name = der(0x30, der(0x31, der(0x30, COMMON_NAME, der(0x0c, Buffer.from(commonName)))));
  const body = der(
    0x30,
    der(0x02, Buffer.from([1])),
    SHA256_WITH_RSA,
    name,
    der(0x30, utcTime('230101000000Z'), utcTime('490101000000Z')),
    name,
    keys.publicKey.export({ type: 'spki', format: 'der' }),
  );
  const signature = der(0x03, Buffer.from([0]), sign('sha256', body, keys.privateKey));
  const base64 = der(0x30, body, SHA256_WITH_RSA, signature).toString('base64');
  const lines = base64.match(/.{1,64}/g)!.join('\n');
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
}

const SHA256_WITH_RSA = der(0x30, Buffer.from('06092a864886f70d01010b0500', 'hex'));
const COMMON_NAME = Buffer.from('0603550403', 'hex');

function utcTime(text: string): Buffer {
  return der(0x17, Buffer.from(text));
}

/** A value with its tag and length (ITU-T X.690). */
function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const head = length < 0x80 ? [length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...head]), content]);
}
