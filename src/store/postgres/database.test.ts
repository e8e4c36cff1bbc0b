import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startPostgres, type TestPostgres } from '../../../testkit/postgres.ts';
import { ALWAYS_CLOSED } from './circuit-breaker.ts';
import { createPool } from './connect.ts';
import { createDatabase } from './database.ts';
import { createServers } from './servers.ts';

const VALUE_BYTES = 25_000;
const STATEMENTS = 4_000;
/** Of 100 MB sent; what a few young collections have not come to yet is below it by far. */
const MOST_KEPT_BYTES = 25_000_000;

describe('a database', () => {
  let server: TestPostgres;
  before(async () => {
    server = await startPostgres();
  });
  after(() => server.stop());

  // Kept until a full collection, the values of statements make one due several times a second under load.
  it('lets go of the values of a statement that is done, without waiting for a full collection', async () => {
    const url = await server.createDatabase();
    const pool = createPool(
      { servers: createServers(url), applicationName: 'test', isDirect: true },
      2,
      true,
    );
    const { query } = createDatabase(pool, ALWAYS_CLOSED, true, 5_000);
    const length = { name: 'length', text: 'select octet_length($1::bytea) as bytes' };
    const beforeBytes = process.memoryUsage().arrayBuffers;
    let mostBytes = 0;
    for (let sent = 0; sent < STATEMENTS; sent += 1) {
      const [row] = await query(length, [Buffer.alloc(VALUE_BYTES)]);
      assert.equal(row!.bytes, VALUE_BYTES);
      allocateSmallObjects();
      mostBytes = Math.max(mostBytes, process.memoryUsage().arrayBuffers - beforeBytes);
    }
    await pool.end();
    assert.ok(mostBytes < MOST_KEPT_BYTES, `${mostBytes} bytes were kept`);
  });
});

/** So that the young generation is collected often. */
function allocateSmallObjects(): void {
  const objects: object[] = [];
  for (let made = 0; made < 800; made += 1) objects.push({ made, beside: [made] });
}
