import { verify } from 'node:crypto';
import { decodeStrictly, wireBytes } from '../read/decode.ts';
import { type CertificateRule, createCertificateSource } from './certificate.ts';
import { type Check, refuse, type SchemeInputs, type SchemeOutcome, VERIFIED } from './compiled-scheme.ts';
import { judgeAge, parseTimestamp } from './timestamp.ts';

const CERTIFICATE: CertificateRule = {
  host: /^(?:[a-z0-9-]+\.)+paypal\.com$/,
  name: /^(?:[a-z0-9-]+\.)+paypal\.com$/i,
  chain: 'required',
};

/** PayPal: RSA over id, time, the webhook's id and the body's CRC32, with a certificate that a header names. */
export function compilePaypal(inputs: SchemeInputs): SchemeOutcome {
  const { webhookId } = inputs.params;
  if (!webhookId) return { kind: 'passed-over', problem: 'params.webhookId is missing, which PayPal signs' };
  const certificateOf = createCertificateSource(CERTIFICATE, inputs.certs, inputs.fetchText);
  const check: Check = async ({ view }, nowMs) => {
    const given = view.header('paypal-transmission-sig');
    const id = view.header('paypal-transmission-id');
    const time = view.header('paypal-transmission-time');
    const certUrl = view.header('paypal-cert-url');
    if (given === null || given === '')
      return refuse('missing_signature', 'There is no PAYPAL-TRANSMISSION-SIG.');
    if (id === null || id === '') return refuse('missing_signature', 'There is no PAYPAL-TRANSMISSION-ID.');
    if (time === null || time === '')
      return refuse('missing_timestamp', 'There is no PAYPAL-TRANSMISSION-TIME.');
    const signature = decodeStrictly(given, 'base64');
    if (signature === null || view.header('paypal-auth-algo') !== 'SHA256withRSA') {
      return refuse(
        'malformed_signature',
        'The signature is not base64, or PAYPAL-AUTH-ALGO not SHA256withRSA.',
      );
    }
    const atMs = parseTimestamp(time, 'iso');
    if (atMs === null) return refuse('malformed_timestamp', 'PAYPAL-TRANSMISSION-TIME is not ISO 8601.');
    const age = judgeAge(atMs, nowMs, inputs.toleranceSeconds ?? null);
    if (age !== null) return age;
    if (certUrl === null) return refuse('wrong_certificate', 'There is no PAYPAL-CERT-URL.');
    const found = await certificateOf(certUrl, nowMs);
    if (!found.ok) return found.verdict;
    const signed = wireBytes(`${id}|${time}|${webhookId}|${view.crc32}`);
    if (verify('RSA-SHA256', signed, found.certificate.publicKey, signature)) return VERIFIED;
    return refuse('wrong_signature', 'The signature is not that of this request for this webhook id.');
  };
  return { kind: 'ready', check };
}
