import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const { scripts } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as {
  scripts: Record<string, string>;
};

const run = (file: string, ...args: string[]) =>
  spawnSync(process.execPath, [file, ...args], { cwd: root, encoding: 'utf8' });

/** Commands that have others behind them. */
const doors = ['build', 'check', 'stress', 'bench', 'evaluate'].map((name) => {
  const file = scripts[name]?.replace(/^node /, '') ?? '';
  const { stdout } = run(file, '--help');
  return {
    name,
    file,
    commands: Array.from(stdout.matchAll(/^ {2}(\w+) {2}/gm), ([, command]) => command as string),
  };
});

test('a person meets at most 14 commands', () => {
  // npm itself runs `prepack`.
  const names = Object.keys(scripts).filter((name) => name !== 'prepack');
  expect(names.length).toBeLessThanOrEqual(14);
});

describe.each(doors)('npm run $name', ({ name, file, commands }) => {
  test('lists at least two commands, and --help of each shows its usage', () => {
    expect(commands.length).toBeGreaterThan(1);
    for (const command of commands) {
      const { status, stdout } = run(file, command, '--help');
      expect(stdout, `${name} ${command}`).toMatch(/^Usage: npm run /);
      expect(status).toBe(0);
    }
  });

  test('names the commands when it is given another one', () => {
    const { status, stderr } = run(file, 'nothing');
    expect(status).toBe(2);
    for (const command of commands) expect(stderr).toContain(command);
  });
});

test('the documents name commands that exist', () => {
  const folders = ['', 'docs/', 'examples/'];
  const documents = folders.flatMap((folder) =>
    readdirSync(root + folder)
      .filter((name) => name.endsWith('.md'))
      .map((name) => folder + name),
  );
  for (const document of documents)
    for (const [text, name, command] of readFileSync(root + document, 'utf8').matchAll(
      /npm run (\w+) -- (\w+)/g,
    )) {
      const door = doors.find((each) => each.name === name);
      if (door) expect(door.commands, `${document}: ${text}`).toContain(command);
    }
});

test.each(['deploy', 'keys'])('npm run %s --help shows its usage', (name) => {
  expect(run(scripts[name]?.replace(/^node /, '') ?? '', '--help').stdout).toMatch(/^Usage: npm run /);
});

test('an unknown option and a number that is none are refused with what was expected', () => {
  const unknown = run('scripts/stress/stress.ts', 'soak', '--request', '5');
  expect([unknown.status, unknown.stderr]).toEqual([2, expect.stringContaining("'--request'")]);
  const none = run('scripts/stress/stress.ts', 'soak', '--requests', 'many');
  expect([none.status, none.stderr]).toEqual([
    2,
    '--requests: expected a positive integer, got many. See --help.\n',
  ]);
});
