import type { Provider } from '../provider.ts';
import type { SignatureRule } from '../scheme.ts';

const FORM = ['application/x-www-form-urlencoded', 'multipart/form-data'] as const;

// Gogs sends only its own header. An empty X-Gitea-Signature counts as present, and is refused.
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
    // Of a form, the JSON in the field is signed, not the form.
    { alg: 'hmac', hash: 'sha256', sig: SIGNATURE, signed: '{form:payload}', when: { contentType: FORM } },
  ],
  idempotencyKey: ['{header:X-Gitea-Delivery}', '{header:X-Gogs-Delivery}'],
  // Of a form only one field is signed, so the signature identifies the event and the body does not.
  replayKey: [
    '{header:X-Gitea-Event}:{header:X-Gitea-Signature}',
    '{header:X-Gogs-Event}:{header:X-Gogs-Signature}',
  ],
  eventType: ['{header:X-Gitea-Event}', '{header:X-Gitea-Event-Type}', '{header:X-Gogs-Event}'],
  notes: [
    'Without a secret the signature header is empty, and such deliveries are refused.',
    'Gitea does not retry by itself; its default timeout is 5 s.',
    'The X-GitHub-* and X-Hub-Signature-256 headers are ignored.',
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
