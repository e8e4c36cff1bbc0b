import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GENERATED, generate, PARTS } from '../../docs/generate.ts';
import { SETTINGS } from '../../src/config/settings.ts';
import { PAGES, read, rowNames, section } from './support.ts';

test('generated parts are what the code says: run `npm run docs`', () => {
  for (const page of GENERATED) assert.equal(read(page), generate(read(page)), page);
});

test('every page with a generated part is generated', () => {
  const part = new RegExp(`^<!-- (${PARTS.join('|')}):start`, 'm');
  const withParts = PAGES.filter((page) => part.test(read(page)));
  assert.deepEqual(withParts, [...GENERATED].sort());
});

test('the settings are in the reference, all of them and no others', () => {
  const names = SETTINGS.map(({ name }) => name);
  assert.deepEqual(rowNames(section(read('docs/configuration.md'), '## Environment')), names);
});

test('the README has a generated row for each setting that it lists', () => {
  const [settings] = section(read('README.md'), '## Configuration').split('<!-- settings:end -->');
  const [, list] = /<!-- settings:start (\S+) -->/.exec(settings!)!;
  assert.deepEqual(rowNames(settings!), list!.split(','));
  assert.throws(
    () => generate('<!-- settings:start NOTHING -->\n<!-- settings:end -->\n'),
    /no setting NOTHING/,
  );
});

test('a part that was changed by hand is noticed', () => {
  const page = read('docs/configuration.md');
  const changed = page.replace(/(\| `PORT` +\| )`8000`/, '$1`8080`');
  assert.notEqual(changed, page);
  assert.equal(generate(changed), page);
  const otherExample = page.replace('timeoutSeconds: 10,', 'timeoutSeconds: 11,');
  assert.notEqual(otherExample, page);
  assert.equal(generate(otherExample), page);
});

test('parts of other names are left alone', () => {
  const text = '<!-- bench:start -->\nby hand\n<!-- bench:end -->\n';
  assert.equal(generate(text), text);
});
