import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MIGRATIONS } from '../../src/store/postgres/migrations/index.ts';
import { PROVIDERS } from '../../src/verify/providers/index.ts';
import { codeSpans, read, section } from './support.ts';

describe('what the pages say of verification', () => {
  test('none says that senders are not verified, or that there is one node whatever the store', () => {
    for (const page of ['README.md', 'docs/operations.md', 'docs/architecture.md', 'docs/providers.md']) {
      assert.doesNotMatch(read(page), /not verified in this version|no rules yet|\*\*One node\.\*\*/, page);
    }
  });

  test('what is to be exposed has every method that a handshake comes by', () => {
    const exposed = codeSpans(section(read('docs/operations.md'), '## Security'));
    const methods = new Set(
      PROVIDERS.flatMap(({ handshakes = [] }) => handshakes.map(({ method }) => method)),
    );
    for (const method of methods) assert.ok(exposed.includes(method), `${method} is not named`);
  });
});

describe('what the pages say of PostgreSQL', () => {
  test('operations has what it takes to run it', () => {
    const page = section(read('docs/operations.md'), '## PostgreSQL');
    const words = [
      'DATABASE_URL',
      'DATABASE_DIRECT_URL',
      'pg_dump',
      'Pooler',
      'Leader',
      'Upgrade',
      'STORE_SCHEMA',
    ];
    for (const word of words) assert.ok(page.includes(word), `${word} is not named`);
  });

  test('the tables that SQLite does not have are in the data model', () => {
    const model = section(read('docs/architecture.md'), '## Data model');
    const tables = MIGRATIONS.flatMap(({ sql }) =>
      [...sql.matchAll(/create table (\w+)/g)].map(([, t]) => t!),
    );
    for (const table of ['inbox_schema', ...tables]) assert.ok(model.includes(`\`${table}\``), table);
  });
});
