import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { test } from 'node:test';
import { codeSpans, PAGES, ROOT, read, withoutCode } from './support.ts';

/** The commands and options that `--help` lists. */
function help(...args: readonly string[]): string {
  const program = path.join(ROOT, 'bin/webhook-receiver.js');
  return execFileSync(process.execPath, ['--conditions=source', program, ...args, '--help'], {
    encoding: 'utf8',
  });
}

const COMMANDS = [...help().matchAll(/^ {2}([a-z][a-z-]+)(?: \[| {2}| <)/gm)].map(([, name]) => name!);

/** What a page runs: in a line of a shell block, or alone in backticks. */
function commandsOf(page: string): string[] {
  const blocks = [...page.matchAll(/```(?:sh|console)\n([\s\S]*?)```/g)].map(([, block]) => block!);
  const inBlocks = blocks.flatMap((block) => [
    ...block.matchAll(/(?:^|\$ (?:\w+=\S+ )*|do )(?:npx )?webhook-receiver ([a-z-]+)(?= |$)/gm),
  ]);
  const alone = codeSpans(withoutCode(page)).map((code) =>
    /^(?:npx )?webhook-receiver ([a-z-]+)$/.exec(code),
  );
  return [...inBlocks, ...alone].flatMap((match) => (match === null ? [] : [match[1]!]));
}

test('commands that a page names are there', () => {
  const named = PAGES.flatMap((page) => commandsOf(read(page)).map((command) => ({ page, command })));
  assert.ok(named.length > 5, `only ${named.length} commands were found: is the search right?`);
  assert.deepEqual(
    named.filter(({ command }) => !COMMANDS.includes(command)),
    [],
  );
});

test('each way to start the receiver bounds the memory for young objects', () => {
  const starts = {
    'bin/webhook-receiver.js': /^#!.* node (--\S+)/,
    'package.json': /exec node (--\S+) bin/,
    Dockerfile: /ENTRYPOINT \["node", "(--\S+)",/,
    'deploy/systemd/webhook-receiver.service': /ExecStart=\S+ (--\S+) /,
    'docs/operations.md': /`node (--\S+) bin\/webhook-receiver.js serve`/,
  };
  for (const [file, option] of Object.entries(starts)) {
    assert.equal(option.exec(read(file))?.[1], '--max-semi-space-size=8', file);
  }
});

test('every command is in the documentation, and so are its options', () => {
  const pages = PAGES.map(read).join('\n');
  for (const command of COMMANDS.filter((name) => name !== 'help')) {
    assert.match(pages, new RegExp(`webhook-receiver(?:\\.js)? ${command}\\b`), command);
    for (const [option] of help(command).matchAll(/--(?!help)[a-z]+/g)) {
      assert.ok(pages.includes(option), `${command} ${option}`);
    }
  }
});
