import assert from 'node:assert/strict';
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { tempDir } from '../../testkit/temp-dir.ts';
import { changedModules, importsBelow, noteModule } from '../runtime/loaded-modules.ts';
import { freshImport } from './fresh-import.ts';

const loadedValue = async (file: string) =>
  ((await freshImport(pathToFileURL(file).href)) as { default: { value: number } }).default.value;

for (const [kind, name, text] of [
  ['a module', 'a.mjs', (value: number) => `export default { value: ${value} };`],
  ['TypeScript', 'a.ts', (value: number) => `const value: number = ${value}; export default { value };`],
  ['CommonJS', 'a.js', (value: number) => `module.exports = { value: ${value} };`],
] as const) {
  it(`loads ${kind} as it is now, evaluated again even if it is the same`, async (t) => {
    const file = join(await tempDir(t), name);
    for (const value of [1, 2, 3]) {
      writeFileSync(file, text(value));
      assert.equal(await loadedValue(file), value);
    }
  });
}

it('evaluates an unchanged file again, since what it reads may have changed', async (t) => {
  const folder = await tempDir(t);
  const file = join(folder, 'a.mjs');
  writeFileSync(
    file,
    "import { readFileSync } from 'node:fs';\nexport default { value: Number(readFileSync(new URL('n', import.meta.url))) };",
  );
  writeFileSync(join(folder, 'n'), '1');
  assert.equal(await loadedValue(file), 1);
  writeFileSync(join(folder, 'n'), '2');
  assert.equal(await loadedValue(file), 2);
});

it('keeps what a module imports, and tells which of these files have changed', async (t) => {
  const folder = await tempDir(t);
  const at = (name: string) => join(folder, name);
  mkdirSync(at('node_modules/pack'), { recursive: true });
  writeFileSync(at('node_modules/pack/index.js'), 'export const p = 1;');
  writeFileSync(
    at('node_modules/pack/package.json'),
    '{"name":"pack","type":"module","exports":"./index.js"}',
  );
  writeFileSync(at('deep.mjs'), 'export const value = 1;');
  writeFileSync(at('under.mjs'), "export { value } from './deep.mjs'; import 'pack';");
  writeFileSync(at('a.mjs'), "import { value } from './under.mjs';\nexport default { value };");
  assert.equal(await loadedValue(at('a.mjs')), 1);
  assert.deepEqual(importsBelow(at('a.mjs')), [at('under.mjs'), at('deep.mjs')]);
  assert.deepEqual(await changedModules(importsBelow(at('a.mjs'))), []);

  writeFileSync(at('deep.mjs'), 'export const value = 2;');
  assert.equal(await loadedValue(at('a.mjs')), 1, 'it was loaded once');
  assert.deepEqual(await changedModules([at('under.mjs')]), [at('deep.mjs')]);
  writeFileSync(at('deep.mjs'), 'export const value = 1;');
  assert.deepEqual(await changedModules([at('under.mjs')]), [], 'as it was loaded');
});

it('tells of a module of a handler that has changed, or is gone', async (t) => {
  const file = join(await tempDir(t), 'handler.mjs');
  writeFileSync(file, 'export default () => {};');
  noteModule(file);
  await import(pathToFileURL(file).href);
  assert.deepEqual(await changedModules([file]), []);
  writeFileSync(file, 'export default () => 1;');
  assert.deepEqual(await changedModules([file]), [file]);
});

for (const name of ['a.mjs', 'a.ts', 'a.js']) {
  it(`follows links anew each time, as a mounted volume of Kubernetes replaces them: ${name}`, async (t) => {
    const folder = await tempDir(t);
    const at = (path: string) => join(folder, path);
    const write = (value: number) => {
      mkdirSync(at(`..v${value}`));
      const text = name === 'a.js' ? `module.exports = { value: ${value} };` : null;
      writeFileSync(
        at(`..v${value}/${name}`),
        text ?? "import { value } from './under.mjs';\nexport default { value };",
      );
      writeFileSync(at(`..v${value}/under.mjs`), `export const value = ${value};`);
      symlinkSync(`..v${value}`, at('..data_tmp'));
      renameSync(at('..data_tmp'), at('..data'));
    };
    write(1);
    symlinkSync(`..data/${name}`, at(name));
    assert.equal(await loadedValue(at(name)), 1);
    for (const value of [2, 3]) {
      write(value);
      assert.equal(await loadedValue(at(name)), value, 'the old folder is there');
      rmSync(at(`..v${value - 1}`), { recursive: true });
      assert.equal(await loadedValue(at(name)), value, 'and is gone');
    }
    if (name !== 'a.js') assert.deepEqual(importsBelow(at(name)), [at('..v3/under.mjs')]);
  });
}
