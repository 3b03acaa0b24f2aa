import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const run = promisify(execFile);

test('git ignores the files that hold secrets, wherever they lie', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'unlabel-git-'));
  try {
    await run('git', ['init', '-q', folder]);
    await copyFile(fileURLToPath(new URL('../../.gitignore', import.meta.url)), join(folder, '.gitignore'));
    const secrets = [
      '.keys.json',
      '.staging.keys.json',
      '.dev.vars',
      '.dev.vars.staging',
      '.env',
      '.env.local',
    ];
    const paths = secrets.flatMap((name) => [name, `examples/worker/${name}`]);
    const { stdout } = await run('git', ['-C', folder, 'check-ignore', ...paths]);
    expect(stdout.trim().split('\n')).toEqual(paths);
  } finally {
    await rm(folder, { recursive: true });
  }
});
