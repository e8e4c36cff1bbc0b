import type { Provider } from '../provider.ts';
import type { SignatureRule } from '../scheme.ts';

const FORM = ['application/x-www-form-urlencoded', 'multipart/form-data'] as const;

// Gogs knows only its own name. An empty X-Gitea-Signature is present, and refused.
const SIGNATURE: SignatureRule = {
  from: ['header:X-Gitea-Signature', 'header:X-Gogs-Signature'],
  enc: 'hex',
};

export const gitea: Provider = {
  id: 'gitea',
  name: 'Gitea and Forgejo',
  aliases: ['forgejo', 'codeberg', 'gogs'],
  family: 'body',
  needs: [{ option: 'secret', what: 'Secret: repository or organization Settings, Webhooks, field Secret.' }],
  schemes: [
    { alg: 'hmac', hash: 'sha256', sig: SIGNATURE, signed: '{body}', when: { notContentType: FORM } },
    // As a form, the JSON in the field is signed and not the form.
    { alg: 'hmac', hash: 'sha256', sig: SIGNATURE, signed: '{form:payload}', when: { contentType: FORM } },
  ],
  idempotencyKey: ['{header:X-Gitea-Delivery}', '{header:X-Gogs-Delivery}'],
  // Of a form only the one field is signed: of two bodies with one signature the signature is the name.
  replayKey: [
    '{header:X-Gitea-Event}:{header:X-Gitea-Signature}',
    '{header:X-Gogs-Event}:{header:X-Gogs-Signature}',
  ],
  eventType: ['{header:X-Gitea-Event}', '{header:X-Gitea-Event-Type}', '{header:X-Gogs-Event}'],
  notes: [
    'Without a secret the signature header is sent empty, and such deliveries are refused.',
    'Nothing is retried by itself, and the default time-out is 5 s.',
    'The X-GitHub-* and X-Hub-Signature-256 headers that come along are not looked at.',
  ],
  sample: {
    eventType: 'push',
    headers: {
      'X-Gitea-Event': '{event_type}',
      'X-Gitea-Event-Type': '{event_type}',
      'X-Gitea-Delivery': '{uuid}',
    },
    body: {
      ref: 'refs/heads/main',
      after: 'bffeb74224043ba2feb48d137756c8a9331c449a',
      repository: { id: 140, full_name: 'ada/project' },
      pusher: { login: 'ada' },
    },
  },
};
