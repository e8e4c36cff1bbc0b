import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { describe, it } from 'node:test';
import { FAKE_EPOCH_MS } from '../../testkit/fake-clock.ts';
import type { Actor } from '../domain/audit.ts';
import { FILTER_LIMITS } from '../filter/filter.ts';
import { checkPlan, type PlanRequest, type Refused } from './check-plan.ts';

const OPERATOR: Actor = { name: 'ann', role: 'operator', address: '127.0.0.1' };
const ADMIN: Actor = { ...OPERATOR, name: 'bob', role: 'admin' };

const ID = '019b76da-a800-7000-8000-000000010000';

function check(asked: PlanRequest, actor: Actor = OPERATOR) {
  return checkPlan(asked, actor, ['crm', 'erp'], FAKE_EPOCH_MS);
}

function planOf(asked: PlanRequest, actor: Actor = OPERATOR) {
  const checked = check(asked, actor);
  assert.ok(checked.kind === 'plan', JSON.stringify(checked));
  return checked.plan;
}

function refusalOf(asked: PlanRequest, actor: Actor = OPERATOR): Refused {
  const checked = check(asked, actor);
  assert.ok(checked.kind === 'refused', `${JSON.stringify(asked)} is taken`);
  return checked;
}

describe('what is asked of a plan', () => {
  it('is taken with its defaults, and its filter printed, with a digest of what is printed', () => {
    const plan = planOf({ kind: 'replay', q: '  status:failed   destination:crm ' });
    assert.deepEqual(plan, {
      ...{ kind: 'replay', filter: 'status:failed destination:crm', to: null, rate: 50 },
      digest: hash('sha256', 'status:failed destination:crm'),
    });
    assert.equal(planOf({ kind: 'route', q: 'type:order.*', to: 'erp', rate: '2.5/s' }).rate, 2.5);
  });

  it('has its relative times fixed at the moment of the plan', () => {
    const { filter } = planOf({ kind: 'give-up', q: 'since:2h until:15m' });
    assert.equal(filter, 'since:2025-12-31T22:00Z until:2025-12-31T23:45Z');
  });

  it('may not mean everything, by no term or by blanks', () => {
    for (const kind of ['replay', 'route', 'give-up', 'reverify', 'release', 'erase'] as const) {
      for (const q of ['', '   ']) {
        const { code, errors } = refusalOf({ kind, q, to: 'crm' }, ADMIN);
        assert.deepEqual([code, errors?.[0]?.field], ['invalid', '/q'], kind);
      }
    }
  });

  it('is told the place of a mistake', () => {
    const { detail, errors } = refusalOf({ kind: 'replay', q: 'status:faild' });
    assert.match(detail, /wrong at character 8/);
    assert.equal(errors?.[0]?.field, '/q');
  });

  it('has the terms that rejected requests have, for a reverify, and no others', () => {
    const own = ['source:a', 'since:2h', 'until:1h', `id:${ID}`, 'header:x=1', 'body~"a"', 'body:/a=1'];
    for (const term of own) planOf({ kind: 'reverify', q: term });
    const others = [
      'type:a',
      'key:a',
      'destination:crm',
      'status:failed',
      'order:1',
      'http:5xx',
      'replay:no',
    ];
    for (const term of [...others, 'error~"a"', 'group:5c0d7be0a1f49e37', 'search:order=1']) {
      const { code, detail, errors } = refusalOf({ kind: 'reverify', q: `source:a ${term}` });
      assert.deepEqual([code, errors?.[0]?.field], ['invalid', '/q']);
      assert.ok(detail.includes(`${term} does not apply to reverify; expected source,`), detail);
    }
  });

  it('has the terms that blocked keys have, for a release, and no others', () => {
    for (const term of ['destination:crm', 'order:1', '-order:1']) planOf({ kind: 'release', q: term });
    const others = [
      'source:a',
      'type:a',
      'key:a',
      `id:${ID}`,
      'status:failed',
      'replay:no',
      'body~"a"',
      'header:x=1',
    ];
    for (const term of [...others, 'http:5xx', 'error~"a"', '-source:a']) {
      const { detail } = refusalOf({ kind: 'release', q: `destination:crm ${term}` });
      assert.match(detail, /does not apply to release; expected destination and order/, term);
    }
  });

  it('takes an admin to erase, and to do completed deliveries again', () => {
    for (const asked of [
      { kind: 'erase', q: 'key:a' },
      { kind: 'replay', q: 'status:completed' },
      { kind: 'replay', q: 'status:failed,completed' },
    ] as const) {
      assert.equal(refusalOf(asked).code, 'forbidden', asked.q);
      assert.equal(refusalOf(asked, { ...ADMIN, role: 'system' }).code, 'forbidden', asked.q);
      planOf(asked, ADMIN);
    }
    planOf({ kind: 'replay', q: '-status:completed' });
    planOf({ kind: 'route', q: 'status:completed', to: 'erp' });
  });

  it('names a destination that there is, for a route, and none otherwise', () => {
    const places = [
      refusalOf({ kind: 'route', q: 'key:a' }),
      refusalOf({ kind: 'route', q: 'key:a', to: 'nowhere' }),
      refusalOf({ kind: 'replay', q: 'key:a', to: 'crm' }),
    ].map(({ code, errors }) => `${code} ${errors?.[0]?.field}`);
    assert.deepEqual(places, ['invalid /to', 'invalid /to', 'invalid /to']);
  });

  it('has a rate within bounds', () => {
    for (const rate of ['0/s', '0.5/s', '1001/s', '50', '-1/s', '1e9/s', '50/m', '']) {
      assert.equal(refusalOf({ kind: 'replay', q: 'key:a', rate }).errors?.[0]?.field, '/rate', rate);
    }
    for (const rate of ['1/s', '1000/s']) planOf({ kind: 'replay', q: 'key:a', rate });
  });

  it('is refused when its times written out make the filter longer than one may be', () => {
    const start = 'since:2h body~';
    const q = start + 'k'.repeat(FILTER_LIMITS.chars - start.length);
    const { code, detail } = refusalOf({ kind: 'replay', q });
    assert.deepEqual([code, detail.includes('too long')], ['invalid', true]);
  });
});
