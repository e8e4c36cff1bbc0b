import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createFakeClock } from '../testkit/fake-clock.ts';
import { loadConfig } from './config/load.ts';
import { type Actor, type AuditEntry, SYSTEM } from './domain/audit.ts';
import { createReload, type ReloadParts } from './reload.ts';

const load = (name: string) => loadConfig({ env: {}, cwd: '.', userConfig: aConfig(name) });
const aConfig = (name: string) => ({ destinations: { [name]: { handler: () => {} } } });
const ANN: Actor = { name: 'ann', role: 'admin', address: null };

/** A reload of which each step is written down. */
async function recording(overrides: Partial<ReloadParts> = {}) {
  const steps: string[] = [];
  const clock = createFakeClock();
  const reload = await createReload({
    read: () => load('b'),
    first: await load('a'),
    prepare: async () => ({
      use: () => void steps.push('use'),
      discard: async () => void steps.push('discard'),
    }),
    isStopping: () => false,
    store: { appendAudit: async ({ after }: AuditEntry) => void steps.push(told(after)) },
    clock,
    emit: ({ type }) => void steps.push(type),
    ...overrides,
  });
  return { steps, reload };
}

function told(after: AuditEntry['after']): string {
  return String(after?.outcome ?? after?.refused);
}

describe('the rows of a reload', () => {
  it('say that it is attempted before it takes effect, and afterwards that it is applied', async () => {
    const { steps, reload } = await recording();
    assert.equal((await reload(ANN)).kind, 'applied');
    assert.deepEqual(steps, ['config.in_effect', 'attempted', 'use', 'config.in_effect', 'applied']);
  });

  it('are none when nothing changes', async () => {
    const { steps, reload } = await recording({ read: () => load('a') });
    await reload(ANN);
    assert.deepEqual(steps, ['config.in_effect', 'use', 'config.in_effect']);
  });

  it('say that it was refused when the receiver stops meanwhile', async () => {
    let isStopping = false;
    const rows: string[] = [];
    const store = {
      async appendAudit({ after }: AuditEntry) {
        rows.push(told(after));
        isStopping = true;
      },
    };
    const { steps, reload } = await recording({ store, isStopping: () => isStopping });
    assert.deepEqual(await reload(SYSTEM), { kind: 'stopping' });
    assert.deepEqual(steps, ['config.in_effect', 'discard']);
    assert.deepEqual(rows, ['attempted', 'shutting_down']);
  });

  it('keep it from taking effect when the first cannot be written', async () => {
    const store = { appendAudit: () => Promise.reject(new Error('no space')) };
    const { steps, reload } = await recording({ store });
    await assert.rejects(reload(ANN), /no space/);
    assert.deepEqual(steps, ['config.in_effect', 'discard']);
  });

  it('leave it in effect when the second cannot be written', async () => {
    const store = {
      appendAudit: async ({ after }: AuditEntry) => {
        if (after?.outcome === 'applied') throw new Error('no space');
      },
    };
    const { steps, reload } = await recording({ store });
    assert.equal((await reload(ANN)).kind, 'applied');
    assert.deepEqual(steps, ['config.in_effect', 'use', 'config.in_effect', 'store.failed']);
  });
});
