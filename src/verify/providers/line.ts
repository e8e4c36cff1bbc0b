import type { Provider } from '../provider.ts';

export const line: Provider = {
  id: 'line',
  name: 'LINE Messaging API',
  aliases: ['line-messaging'],
  family: 'body',
  needs: [
    { option: 'secret', what: 'Channel secret: LINE Developers Console, the channel, Basic settings.' },
  ],
  schemes: [
    {
      alg: 'hmac',
      hash: 'sha256',
      sig: { from: 'header:x-line-signature', enc: 'base64' },
      signed: '{body}',
      key: { enc: 'utf8' },
    },
  ],
  idempotencyKey: ['{body:/events/*/webhookEventId}'],
  eventType: ['{body:/events/*/type}'],
  reply: { status: 200 },
  handshakes: [
    {
      name: 'verify button',
      method: 'POST',
      when: { matches: { 'body:/destination': '[ -~]{0,64}' }, absent: ['body:/events/0'] },
      signed: true,
      reply: { status: 200, body: '' },
    },
  ],
  notes: ['LINE redelivers only if redelivery is enabled for the channel.'],
  sample: {
    eventType: 'message',
    body: '{"destination":"U8e742f61d673b39c7fff3cecb7536ef0","events":[{"type":"{event_type}","webhookEventId":"{uuid}","deliveryContext":{"isRedelivery":false},"timestamp":{now_ms},"source":{"type":"user","userId":"U4af4980629"},"message":{"id":"444573844083572737","type":"text","text":"Hello"},"mode":"active"}]}',
  },
};
