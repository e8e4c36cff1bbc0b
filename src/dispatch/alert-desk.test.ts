import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { anAudit } from '../../testkit/builders.ts';
import { FAKE_EPOCH_MS as T0 } from '../../testkit/fake-clock.ts';
import { INITIAL_STATE } from '../domain/destination-state.ts';
import { MINUTE, watchOver } from './alert-testing.ts';

const HOLD = { ...INITIAL_STATE, hold: { reason: null, sinceMs: T0, untilMs: null } };
const by = (name: string) =>
  anAudit({ action: 'alert.ack', actor: { name, role: 'operator', address: null } });

describe('an acknowledgement', () => {
  it('is of the first who gives it, with one row of the audit, and no look writes over it', async () => {
    const { clock, store, desk, start } = watchOver();
    await store.changeDestination('crm', 0, HOLD, null);
    await start();
    const acks = await Promise.all(['ann', 'bob'].map((name) => desk.ack('held~crm~1', by(name))));
    assert.deepEqual(
      acks.map((alert) => alert!.ackedBy),
      ['ann', 'ann'],
    );
    await store.changeDestination('crm', 1, INITIAL_STATE, null);
    await clock.advance(3 * MINUTE);
    const [alert] = await desk.list();
    assert.deepEqual([alert!.isOn, alert!.ackedBy], [false, 'ann']);
    const rows = await store.readAudit(0, 10);
    assert.deepEqual(
      rows.filter(({ action }) => action === 'alert.ack').map(({ actor }) => actor),
      ['ann'],
    );
  });

  it('is of one alert: the next one of the same subject has none', async () => {
    const { clock, store, desk, start } = watchOver();
    await store.changeDestination('crm', 0, HOLD, null);
    await start();
    await desk.ack('held~crm~1', by('ann'));
    await store.changeDestination('crm', 1, INITIAL_STATE, null);
    await clock.advance(3 * MINUTE);
    await store.changeDestination('crm', 2, HOLD, null);
    await clock.advance(MINUTE);
    const [alert] = await desk.list();
    assert.deepEqual([alert!.number, alert!.isOn, alert!.ackedBy], [2, true, null]);
  });

  it('of an alert that there is not changes nothing', async () => {
    const { store, desk, start } = watchOver();
    await start();
    assert.equal(await desk.ack('held~crm~1', by('ann')), null);
    assert.deepEqual(await store.readAudit(0, 10), []);
  });
});
