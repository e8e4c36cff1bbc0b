import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { anEvent } from '../../../testkit/builders.ts';
import { startPostgres, type TestPostgres } from '../../../testkit/postgres.ts';
import { deliveryIdOf } from '../../domain/delivery.ts';
import { leaseNext, settleAs } from '../conformance/harness.ts';
import { openPostgresStore } from './open.ts';

const ROUNDS = 60;

let server: TestPostgres;
before(async () => {
  server = await startPostgres({ default_transaction_isolation: 'repeatable read' });
});
after(() => server.stop());

/** A URL's own options win over those of the session, as the role's do behind a pooler. */
function withRepeatableRead(url: string): string {
  const changed = new URL(url);
  changed.searchParams.set('options', '-c default_transaction_isolation=repeatable\\ read');
  return changed.href;
}

describe('a server whose transactions see what was there when they began', () => {
  for (const { name, urlOf } of [
    { name: 'by default', urlOf: (url: string) => url },
    { name: 'in our sessions, too', urlOf: withRepeatableRead },
  ]) {
    it(`${name}: nodes start at once, and no key is left without a turn`, async (t) => {
      const url = await server.createDatabase();
      const open = (at: string) => openPostgresStore({ url: at, maxPendingDeliveries: 1_000 });
      const first = await Promise.all([open(url), open(url)]);
      const [accepting, working] = await Promise.all([open(urlOf(url)), open(urlOf(url))]);
      t.after(async () => {
        await Promise.all([...first, accepting, working].map((node) => node.close()));
        await server.dropDatabase(url);
      });
      const insert = async () => {
        const event = anEvent();
        await accepting.insertEvent(event, [{ destination: 'ledger', orderKey: 'a' }]);
        return deliveryIdOf(event.id, 1);
      };
      let last = await insert();
      for (let round = 0; round < ROUNDS; round++) {
        const leased = await leaseNext(working, 'ledger');
        assert.equal(leased.lease.deliveryId, last);
        [last] = await Promise.all([insert(), settleAs(working, leased, { kind: 'completed' })]);
      }
    });
  }
});
