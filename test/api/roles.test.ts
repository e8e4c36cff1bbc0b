import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { mayActAs, ROLES, type Role } from '../../src/domain/role.ts';
import { type Access, ADMIN_ACCESS } from '../../src/http/admin/access.ts';
import { suiteCleanup } from '../../testkit/receiver.ts';
import { assertProblem, request, type StubApi, startApi } from './support.ts';

const TOKENS = ROLES.map((role) => ({
  name: `the ${role}`,
  role,
  token: `token of the ${role} of the test`,
}));
const ENDPOINTS = Object.entries(ADMIN_ACCESS).map(([name, access]) => {
  const [method, path] = name.split(' ') as [string, string];
  return { name, method, path: path.replaceAll(/:\w+/g, 'none'), access: access as Access };
});

describe('who may do what', () => {
  let api: StubApi;
  const rows: unknown[] = [];
  const suite = suiteCleanup();
  before(async () => {
    // Whatever an endpoint asks of the store fails: that shows that it was let in.
    const store = new Proxy(
      {},
      {
        get: (_, method) => async (entry: unknown) => {
          if (method !== 'appendAudit') throw new Error('let in');
          rows.push(entry);
        },
      },
    );
    api = await startApi(suite, { store, tokens: TOKENS });
  });

  const ask = (role: Role | null, { method, path }: (typeof ENDPOINTS)[number]) => {
    const { token } = TOKENS.find((one) => one.role === role) ?? { token: 'of nobody' };
    return request(`${api.url}${path}`, { method, headers: { authorization: `Bearer ${token}` } });
  };

  for (const endpoint of ENDPOINTS) {
    const { role: needed, action } = endpoint.access;
    for (const role of ROLES) {
      const may = mayActAs(role, needed);
      it(`${endpoint.name} ${may ? 'lets in' : 'refuses'} the ${role}`, async () => {
        rows.length = 0;
        const answer = await ask(role, endpoint);
        if (may) {
          assert.ok(![401, 403, 405].includes(answer.status), answer.text);
          return;
        }
        assertProblem(answer, 'forbidden');
        const { actor, ...row } = rows[0] as Record<string, unknown>;
        assert.equal(rows.length, 1);
        assert.deepEqual(row.after, { refused: 'forbidden' });
        assert.equal(row.action, action);
        assert.deepEqual(actor, { name: `the ${role}`, role, address: '127.0.0.1' });
      });
    }
    it(`${endpoint.name} refuses whoever has no token, and writes no row`, async () => {
      rows.length = 0;
      assertProblem(await ask(null, endpoint), 'unauthorized');
      assert.deepEqual(rows, []);
    });
  }

  it('what changes or reveals something takes more than a viewer, and is audited', () => {
    for (const { name, method, access } of ENDPOINTS) {
      // A viewer's copy of history is masked, and known all the same.
      const isAudited = access.role !== 'viewer' || access.action === 'event.export';
      assert.equal(access.action !== null, isAudited, name);
      if (method !== 'GET') assert.notEqual(access.action, null, name);
    }
  });
});
