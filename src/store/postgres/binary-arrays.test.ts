import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import pg from 'pg';
import { startPostgres } from '../../../testkit/postgres.ts';
import { bigints, booleans, byteas, integers, texts, uuids } from './binary-arrays.ts';

describe('an array as a binary parameter', () => {
  let server: Awaited<ReturnType<typeof startPostgres>>;
  let client: pg.Client;
  before(async () => {
    server = await startPostgres();
    client = new pg.Client(server.url);
    await client.connect();
  });
  after(async () => {
    await client.end();
    await server.stop();
  });

  /** What the server reads in it, each element as text. */
  const read = async (type: string, array: Buffer) => {
    const { rows } = await client.query(
      `select n::int, t::text from unnest($1::${type}[]) with ordinality as x (t, n)`,
      [array],
    );
    return rows.map(({ t }) => t);
  };

  it('keeps texts of every length and script, nulls among them', async () => {
    const values = [
      '',
      'a',
      null,
      'größer',
      '日本語',
      '😀'.repeat(30),
      'x'.repeat(48),
      'é'.repeat(100_000),
      '{"\\",}',
      null,
    ];
    assert.deepEqual(await read('text', texts(values)), values);
    assert.deepEqual(await read('text', texts(['after a long one'])), ['after a long one']);
  });

  it('keeps numbers to their ends', async () => {
    const times = [
      0,
      1,
      -1,
      null,
      2 ** 31,
      2 ** 32 - 1,
      2 ** 32,
      Number.MAX_SAFE_INTEGER,
      Number.MIN_SAFE_INTEGER,
    ];
    assert.deepEqual(await read('bigint', bigints(times)), times.map(written));
    const numbers = [1, null, -1, 2 ** 31 - 1, -(2 ** 31)];
    assert.deepEqual(await read('integer', integers(numbers)), numbers.map(written));
  });

  it('keeps ids, truths and bytes', async () => {
    const ids = ['01a20889-e6a1-7000-9719-4664b6ed0000', null, 'FFFFFFFF-ffff-ffff-ffff-ffffffffffff'];
    assert.deepEqual(
      await read('uuid', uuids(ids)),
      ids.map((id) => id?.toLowerCase() ?? null),
    );
    assert.deepEqual(await read('boolean', booleans([true, false, null])), ['true', 'false', null]);
    assert.deepEqual(await read('bytea', byteas([Buffer.of(0, 255), new Uint8Array(), null])), [
      '\\x00ff',
      '\\x',
      null,
    ]);
  });

  it('may be empty, or of nulls alone', async () => {
    assert.deepEqual(await read('text', texts([])), []);
    assert.deepEqual(await read('bytea', byteas([null, null])), [null, null]);
  });

  it('refuses what is no id, as the server would', () => {
    for (const wrong of [
      '',
      '01a20889',
      '01a20889-e6a1-7000-9719-4664b6ed00000',
      '01a20889-e6a1-7000-9719-4664b6ed000g',
      'é',
    ]) {
      assert.throws(() => uuids([wrong]), /not a UUID/);
    }
  });
});

function written(value: number | null): string | null {
  return value === null ? null : String(value);
}
