import assert from 'node:assert/strict';
import { mkdir, mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { eventually } from '../../testkit/eventually.ts';
import { createFakeClock } from '../../testkit/fake-clock.ts';
import { ConfigError } from '../domain/errors.ts';
import { LOAD_TIMEOUT_MS } from '../runtime/load-in-time.ts';
import { type LoadOptions, loadConfig } from './load.ts';

type Files = Readonly<Record<string, string>>;

/** A temporary folder with these files, gone at the end of the test. */
async function folderWith(files: Files) {
  const folder = await mkdtempDisposable(join(tmpdir(), 'config-'));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder.path, name)), { recursive: true });
    await writeFile(join(folder.path, name), text);
  }
  return folder;
}

async function mistakesOf(options: LoadOptions): Promise<readonly string[]> {
  const error = await loadConfig(options).then(
    () => assert.fail('was taken'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof ConfigError);
  return error.problems;
}

const namesOf = async (options: LoadOptions) => (await loadConfig(options)).destinations.map((d) => d.name);
const destination = (name: string) => `{ "destinations": { "${name}": { "url": "http://h/" } } }`;

describe('the config file', () => {
  it('is looked for in the working directory', async () => {
    for (const extension of ['ts', 'js', 'mjs', 'json']) {
      const text = destination(extension);
      const file = `webhooks.config.${extension}`;
      const type = '{ "type": "module" }';
      await using folder = await folderWith({
        [file]: extension === 'json' ? text : `export default ${text}`,
        'package.json': type,
      });
      const config = await loadConfig({ env: {}, cwd: folder.path });
      assert.equal(config.destinations[0]?.name, extension);
      assert.equal(config.configFile, join(folder.path, file));
    }
  });

  it('is there once: of two, one would be edited in vain', async () => {
    const text = destination('a');
    await using folder = await folderWith({
      'webhooks.config.json': text,
      'webhooks.config.ts': `export default ${text}`,
    });
    assert.deepEqual(await mistakesOf({ env: {}, cwd: folder.path }), [
      `CONFIG: got nothing, and webhooks.config.ts and webhooks.config.json are in ${folder.path}, takes the one to use when there are several`,
    ]);
    assert.deepEqual(await namesOf({ env: { CONFIG: 'webhooks.config.json' }, cwd: folder.path }), ['a']);
  });

  it('is the one that CONFIG names, relative to the working directory', async () => {
    await using folder = await folderWith({
      'conf/my.json': destination('mine'),
      'webhooks.config.json': destination('other'),
    });
    assert.deepEqual(await namesOf({ env: { CONFIG: 'conf/my.json' }, cwd: folder.path }), ['mine']);
    assert.deepEqual(await namesOf({ env: { CONFIG: join(folder.path, 'conf/my.json') }, cwd: '/' }), [
      'mine',
    ]);
  });

  it('that CONFIG names must be there and of a known kind', async () => {
    await using folder = await folderWith({ 'my.yaml': '', 'sub.json/x': '' });
    const cwd = folder.path;
    const takes = 'takes the path of a .ts, .js, .mjs or .json file';
    const lines = async (CONFIG: string) => await mistakesOf({ env: { CONFIG }, cwd });
    assert.deepEqual(await lines('my.json'), [
      `CONFIG: got "my.json", ${takes} that is there; ${cwd}/my.json is not`,
    ]);
    assert.deepEqual(await lines('sub.json'), [
      `CONFIG: got "sub.json", ${takes} that is there; ${cwd}/sub.json is not`,
    ]);
    assert.deepEqual(await lines('my.yaml'), [`CONFIG: got "my.yaml", ${takes}`]);
    assert.deepEqual(await lines('my/'), ['CONFIG: got "my/", takes the path of a file']);
  });

  it('as JSON is told where it is wrong, without quoting what may be a secret', async () => {
    await using folder = await folderWith({
      'webhooks.config.json': '\uFEFF{\n  "a": "hunter2" "hunter2"\n}',
    });
    assert.deepEqual(await mistakesOf({ env: {}, cwd: folder.path }), [
      'webhooks.config.json: got "\\"" at line 2, position 18, takes JSON',
    ]);
  });

  it('as a module may have a promise as its value', async () => {
    await using folder = await folderWith({
      'webhooks.config.mjs': `export default Promise.resolve(${destination('later')})`,
    });
    assert.deepEqual(await namesOf({ env: {}, cwd: folder.path }), ['later']);
  });

  const wrongModules = {
    "throw new Error('no\\n  database')": 'cannot be loaded: no database',
    "export default Promise.reject(new Error('late'))": 'cannot be loaded: late',
    'throw null': 'cannot be loaded: null',
    'export const config = {}': 'got no default export, takes a module with one',
    'export default () => ({})': 'got a function, takes an object with sources, destinations and tokens',
  };
  for (const [text, said] of Object.entries(wrongModules)) {
    it(`as a module that is ${JSON.stringify(text)} gives one line`, async () => {
      await using folder = await folderWith({ 'webhooks.config.mjs': text });
      assert.deepEqual(await mistakesOf({ env: {}, cwd: folder.path }), [`webhooks.config.mjs: ${said}`]);
    });
  }

  it('with wrong syntax or a missing import gives one line', async () => {
    for (const text of ['export default {', "import 'no-such-package'; export default {}"]) {
      await using folder = await folderWith({ 'webhooks.config.mjs': text });
      const [line, ...others] = await mistakesOf({ env: {}, cwd: folder.path });
      assert.match(line!, /^webhooks\.config\.mjs: cannot be loaded: [^\n]+$/);
      assert.deepEqual(others, []);
    }
  });

  it('is imported the way the caller says', async () => {
    await using folder = await folderWith({ 'webhooks.config.ts': 'not read' });
    const imported: string[] = [];
    const importModule = async (url: string) => {
      imported.push(url);
      return { default: JSON.parse(destination('given')) };
    };
    assert.deepEqual(await namesOf({ env: {}, cwd: folder.path, importModule }), ['given']);
    assert.match(imported.join(), /^file:\/\/.*\/webhooks\.config\.ts$/);
  });

  it('that never ends to load is refused, instead of a start that hangs', async () => {
    const never = new Promise<never>(() => {});
    for (const importModule of [() => never, async () => ({ default: never })]) {
      await using folder = await folderWith({ 'webhooks.config.mjs': 'not read' });
      const clock = createFakeClock();
      const mistakes = mistakesOf({ env: {}, cwd: folder.path, importModule, clock });
      await eventually('the wait for the module', () => clock.pending() === 1);
      await clock.advance(LOAD_TIMEOUT_MS);
      assert.deepEqual(await mistakes, [
        'webhooks.config.mjs: cannot be loaded: it was still loading after 15 s: check its top-level await and its default export',
      ]);
    }
  });

  it('is refused together with the environment: one error with all mistakes of both', async () => {
    await using folder = await folderWith({
      'webhooks.config.json': '{ "destinations": { "a": {}, "b": {"url": 5} } }',
    });
    assert.deepEqual(await mistakesOf({ env: { PORT: 'x', WORKER_COUNT: '1' }, cwd: folder.path }), [
      'PORT: got "x", takes a whole number from 0 to 65535',
      'WORKER_COUNT: got 1, takes at least 2: each destination needs a worker',
      'destinations.a: got neither url nor handler, takes exactly one of the two',
      'destinations.b.url: got 5, takes an http or https URL of at most 2048 characters',
    ]);
  });
});

describe('a handler given as a path', () => {
  const config = '{ "destinations": { "audit": { "handler": "./handlers/audit.ts" } } }';

  it('is relative to the config file', async () => {
    await using folder = await folderWith({ 'conf/my.json': config, 'conf/handlers/audit.ts': '' });
    const { destinations } = await loadConfig({ env: { CONFIG: 'conf/my.json' }, cwd: folder.path });
    assert.deepEqual(destinations[0]?.target, {
      kind: 'module',
      path: join(folder.path, 'conf/handlers/audit.ts'),
    });
  });

  it('must be there', async () => {
    await using folder = await folderWith({ 'webhooks.config.json': config });
    assert.deepEqual(await mistakesOf({ env: {}, cwd: folder.path }), [
      `destinations.audit.handler: got "./handlers/audit.ts", takes the path of a module that is there; ${folder.path}/handlers/audit.ts is not`,
    ]);
  });
});

describe('a configuration given as a value', () => {
  it('takes the place of a file', async () => {
    await using folder = await folderWith({ 'webhooks.config.json': destination('other'), 'h.ts': '' });
    const handle = () => {};
    const userConfig = { destinations: { a: { handler: handle }, b: { handler: 'h.ts' } } };
    const config = await loadConfig({ env: { CONFIG: 'none.json' }, cwd: folder.path, userConfig });
    assert.equal(config.configFile, null);
    assert.deepEqual(
      config.destinations.map((d) => d.target),
      [
        { kind: 'function', handle },
        { kind: 'module', path: join(folder.path, 'h.ts') },
      ],
    );
  });
});
