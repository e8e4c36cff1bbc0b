import { askAdmin, type ConsoleReceiver } from './console-receiver.ts';

/** Fills the receiver with what a bad night leaves, and returns the path of every kind of page. */
export async function consolePages(receiver: ConsoleReceiver): Promise<readonly string[]> {
  const ids: string[] = [];
  const types = ['order.created', 'payment.captured', 'order.shipped'];
  for (let at = 0; at < 24; at++) {
    const order = String(1000 + at);
    const payload = {
      order,
      customer: `cus_${at % 5}`,
      total: 12.5 + at,
      card: { number: '4242424242424242' },
      items: [
        { sku: 'A-1', quantity: 2 },
        { sku: 'B-7', quantity: 1 },
      ],
      note: 'Grüße aus München',
    };
    ids.push(
      await receiver.post('shop', { idempotency_key: `order-${order}`, event_type: types[at % 3]!, payload }),
    );
  }
  for (let at = 0; at < 6; at++) await receiver.postGithub('push', { ref: 'refs/heads/main', number: at });
  for (let at = 0; at < 7; at++)
    await receiver.postGithub('push', { ref: 'x', number: at }, 'the old secret');
  await askAdmin(receiver, '/admin/destinations/warehouse/hold', 'POST');
  for (let at = 24; at < 28; at++) {
    const order = String(1000 + at);
    await receiver.post('shop', {
      idempotency_key: `order-${order}`,
      event_type: 'order.created',
      payload: { order },
    });
  }
  const { rejected } = await askAdmin<{ rejected: readonly { id: string }[] }>(receiver, '/admin/rejected');
  const planned = await askAdmin<{ id: string }>(receiver, '/admin/operations', 'POST', {
    kind: 'replay',
    q: 'status:failed destination:crm',
  });
  return [
    '/console',
    '/console/events',
    '/console/events?q=stat:failed',
    `/console/events/${ids[1]}`,
    '/console/failures',
    '/console/destinations',
    '/console/destinations/warehouse',
    '/console/rejected',
    `/console/rejected/${rejected[0]!.id}`,
    '/console/blocked',
    '/console/alerts',
    '/console/audit',
    '/console/settings',
    '/console/sources',
    '/console/sources/github',
    '/console/operations?q=status%3Afailed',
    `/console/operations/${planned.id}`,
    '/console/nowhere',
  ];
}
