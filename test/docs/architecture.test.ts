import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import { describe, test } from 'node:test';
import { MIGRATIONS } from '../../src/store/sqlite/migrations/index.ts';
import { codeSpans, ROOT, read, rowNames, section, tableRows } from './support.ts';

const PAGE = read('docs/architecture.md');

test('the layers are those that the test of the imports allows', () => {
  const [, table] = /const ALLOWED[^=]*= \{\n([\s\S]*?)\n\};/.exec(read('test/architecture/layers.test.ts'))!;
  const allowed = [...table!.matchAll(/'?([(\w)]+)'?: \[([^\]]*)\]/g)].map(([, folder, imports]) => [
    folder!,
    [...imports!.matchAll(/'([^']+)'/g)].map(([, name]) => name!).toSorted(),
  ]);
  const everything = allowed.map(([folder]) => folder as string).filter((folder) => folder !== '(root)');
  const rows = tableRows(section(PAGE, '## Layers')).map(([folder, , imports]) => [
    codeSpans(folder!)[0] ?? '(root)',
    [
      ...codeSpans(imports!),
      ...(imports!.endsWith('the root') ? ['(root)'] : []),
      ...(imports === 'everything' ? everything : []),
    ].toSorted(),
  ]);
  assert.deepEqual(rows, allowed);
});

describe('the data model', () => {
  const model = section(PAGE, '## Data model');
  // What a later migration drops is there no more.
  const sql = MIGRATIONS.reduce((made, more) => {
    const dropped = [...more.matchAll(/drop index (\w+);/g)].map(([, name]) => name!);
    const isGone = (statement: string) => dropped.some((name) => statement.includes(`index ${name} on`));
    return [...made.filter((statement) => !isGone(statement)), ...more.split(';')];
  }, [] as string[]).join(';');

  test('has every table and every index, and no others', () => {
    const names = [...sql.matchAll(/create (?:table|(?:unique )?index) (\w+)/g)].map(([, name]) => name!);
    assert.deepEqual(rowNames(model).toSorted(), names.toSorted());
  });

  test('has the columns of every index', () => {
    const rows = tableRows(model).map((row) => codeSpans(row[1]!)[0]);
    for (const [, table, columns] of sql.matchAll(/create (?:unique )?index \w+ on (\w+) \(([^)]*)\)/g)) {
      assert.ok(rows.includes(`${table} (${columns})`), `${table} (${columns})`);
    }
  });
});

describe('the bounds', () => {
  const rows = tableRows(section(PAGE, '## Bounds')).map(([what, bound, where]) => {
    const [name, file] = codeSpans(where!) as [string, string];
    return { what: what!, bound: bound!, name, file };
  });

  test('are those of the code', () => {
    for (const { what, bound, name, file } of rows) {
      assert.equal(valueIn(read(file), name), amountOf(bound), `${what}: ${name} in ${file}`);
    }
  });

  test('are all there: a constant of time or size has a row', () => {
    const named = new Set(rows.map(({ name, file }) => `${file} ${name}`));
    const files = globSync('src/**/*.ts', {
      cwd: ROOT,
      exclude: ['**/{*.test,*.proof,testing}.ts', 'src/{store,queue}/conformance/**'],
    });
    const constants = files
      // The bounds of the configuration are in its own page, and those below are not seen outside of their file.
      .filter((file) => !file.startsWith('src/config/') && !file.startsWith('src/runtime/'))
      .flatMap((file) =>
        [
          ...read(file).matchAll(
            /^(?:export )?const ([A-Z_]+_(?:MS|BYTES|CHARS|PAGES|OPERATIONS)) = [\d_ *]+;/gm,
          ),
        ].map(([, name]) => `${file} ${name}`),
      );
    assert.ok(constants.length > 20, `only ${constants.length} were found: is the search right?`);
    assert.deepEqual(
      // A moment, not a bound.
      constants.filter((constant) => !named.has(constant) && constant !== 'src/domain/order.ts NEVER_MS'),
      [],
    );
  });
});

const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  KiB: 1024,
  MiB: 1024 ** 2,
  ms: 1,
  s: 1000,
  h: 3_600_000,
};

/** `16 KiB` in bytes, `10 s` in milliseconds, `65,535` as it is. */
function amountOf(bound: string): number {
  const [, digits, unit] = /^([\d,]+) ?(\w*)$/.exec(bound)!;
  return Number(digits!.replaceAll(',', '')) * UNITS[unit!]!;
}

/** The value of a constant or property that is a product of numbers. */
function valueIn(source: string, name: string): number {
  const found = new RegExp(`\\b${name}(?: =|:) ([0-9][\\w *]*)[;,]`).exec(source);
  assert.ok(found !== null, `no number is called ${name}`);
  return found[1]!
    .split('*')
    .map((factor) => Number(factor.trim().replaceAll('_', '')))
    .reduce((product, factor) => product * factor);
}
