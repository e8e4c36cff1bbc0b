import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { eventually } from '../../testkit/eventually.ts';
import { startOtlpReceiver } from '../../testkit/otlp-receiver.ts';
import type { Cleanup } from '../../testkit/receiver.ts';
import { idsOf, startTraced, type TracedReceiver } from './support.ts';

type Shown = Readonly<{ id: string; state: string; count: number }>;

async function read(receiver: TracedReceiver, path: string): Promise<Shown & Readonly<{ status: string }>> {
  return (await (await receiver.admin('GET', path)).json()) as never;
}

async function until(receiver: TracedReceiver, id: string, state: string): Promise<void> {
  const path = `/admin/operations/${id}`;
  await eventually(`it is ${state}`, async () => (await read(receiver, path)).state === state);
}

/** Plans and runs. @returns the id of the operation */
async function run(receiver: TracedReceiver, plan: object): Promise<string> {
  const planned = await receiver.admin('POST', '/admin/operations', plan);
  const { id } = (await planned.json()) as Shown;
  await until(receiver, id, 'planned');
  assert.equal((await receiver.admin('POST', `/admin/operations/${id}/run`, {})).status, 202);
  await until(receiver, id, 'completed');
  return id;
}

async function ended(receiver: TracedReceiver, events: readonly string[], status: string): Promise<void> {
  for (const id of events) {
    const path = `/admin/webhooks/${id}`;
    await eventually(`it is ${status}`, async () => (await read(receiver, path)).status === status);
  }
}

async function startBroken(t: Cleanup) {
  const collector = await startOtlpReceiver(t);
  let isBroken = true;
  const handler = () => {
    if (isBroken) throw new Error('broken');
  };
  const destinations = { billing: { handler }, crm: { handler: () => {}, sources: ['nobody'] } };
  const receiver = await startTraced(
    t,
    collector,
    { sources: { nobody: {} }, destinations },
    { MAX_ATTEMPTS: '1' },
  );
  const events = [await receiver.accept('1'), await receiver.accept('2')];
  await ended(receiver, events, 'failed');
  const mend = () => {
    isBroken = false;
  };
  return { collector, receiver, events, mend };
}

describe('the trace of a bulk operation', () => {
  it('has its plan and what each process did; each replay is in the trace of its event, and links to it', async (t) => {
    const { collector, receiver, events, mend } = await startBroken(t);
    mend();
    const operation = await run(receiver, { kind: 'replay', q: 'status:failed' });
    await ended(receiver, events, 'completed');
    await receiver.stop();
    const { traceId, spanId } = idsOf(operation);
    assert.deepEqual(collector.tree(traceId), ['bulk replay INTERNAL', '  count INTERNAL', '  run INTERNAL']);
    const ran = collector.spans.find(({ name }) => name === 'run')!;
    assert.deepEqual(ran.attributes, {
      'webhook.operation.id': operation,
      'webhook.operation.kind': 'replay',
      'webhook.operation.state': 'completed',
      'webhook.bulk.replayed': 2,
    });
    for (const id of events) {
      const ofEvent = idsOf(id).traceId;
      assert.deepEqual(collector.tree(ofEvent).toSorted(), [
        '    handler INTERNAL',
        '    handler INTERNAL !broken',
        '    settle INTERNAL',
        '    settle INTERNAL',
        '  insert INTERNAL',
        '  process billing CONSUMER !broken',
        '  process billing CONSUMER -> repeated',
        '  replay billing INTERNAL -> repeated -> operation',
        '  verify INTERNAL',
        'POST /webhooks/{source} SERVER',
      ]);
      const replay = collector.spans.find(
        (span) => span.name === 'replay billing' && span.traceId === ofEvent,
      )!;
      const first = collector.spans.find(({ error, ...span }) => error !== null && span.traceId === ofEvent)!;
      assert.deepEqual(replay.links.at(-1), { traceId, spanId, what: 'operation' });
      assert.ok([first.spanId, first.parentSpanId].includes(replay.links[0]!.spanId));
    }
  });

  it('has a take-back; a routed delivery is in the trace of its event', async (t) => {
    const { collector, receiver, events } = await startBroken(t);
    const operation = await run(receiver, { kind: 'route', q: 'status:failed', to: 'crm' });
    await eventually('the routed ones are handled', async () => {
      const page = await receiver.admin('GET', '/admin/events?q=destination:crm%20status:completed');
      return ((await page.json()) as { events: unknown[] }).events.length === 2;
    });
    assert.equal((await receiver.admin('POST', `/admin/operations/${operation}/take-back`)).status, 202);
    await until(receiver, operation, 'taken_back');
    await receiver.stop();
    assert.deepEqual(collector.tree(idsOf(operation).traceId), [
      'bulk route INTERNAL',
      '  count INTERNAL',
      '  run INTERNAL',
      '  take back INTERNAL',
    ]);
    const takeBack = collector.spans.find(({ name }) => name === 'take back')!;
    assert.equal(takeBack.attributes['webhook.bulk.tried'], 2);
    for (const id of events) {
      const lines = collector.tree(idsOf(id).traceId);
      assert.equal(
        lines.filter((line) => line === '  route crm INTERNAL -> operation').length,
        1,
        `${lines}`,
      );
      assert.equal(lines.filter((line) => line === '  process crm CONSUMER').length, 1, `${lines}`);
    }
  });
});
