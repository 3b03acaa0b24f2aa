import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createNodeApp, shippedAssets } from '../../scripts/harness/servers/shipped.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'unlabel-keys-'));
  file = join(folder, 'keys.json');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const run = promisify(execFile);
const keys = async (...args: string[]) =>
  (await run(process.execPath, ['scripts/deploy/keys.ts', ...args, '--file', file], { cwd: root })).stdout;
const secret = async () => JSON.parse(await readFile(file, 'utf8')).API_KEY_HASHES as string;

test('a new key opens the API until it is revoked, and is never on disk', async () => {
  const shown = await keys('add', '--scopes', 'read', '--origins', 'https://shop.example');
  await keys('add', '--namespaces', 'photos+more', '--vectors', '1000');
  const key = /unl_[\w-]{43}/.exec(shown)?.[0] ?? '';
  expect(await secret()).not.toContain(key.slice(4));
  expect((await stat(file)).mode & 0o777).toBe(0o600);

  const app = createNodeApp();
  const ask = async (authorization: string) => {
    const headers = { authorization, origin: 'https://shop.example' };
    const env = { ASSETS: shippedAssets, API_KEY_HASHES: await secret() };
    return (await app.request('/v1/models', { headers }, env)).status;
  };
  expect(key).not.toBe('');
  expect(await ask(`Bearer ${key}`)).toBe(200);
  const [id] = (await keys()).split(' ');
  expect(await keys('revoke', id ?? '')).toMatch(/in photos, more +with at most 1000 vectors each/);
  expect(await ask(`Bearer ${key}`)).toBe(401);
  await expect(keys('revoke', id ?? '')).rejects.toThrow();
});

test.each([
  ['--scopes', 'admin'],
  ['--namespaces', 'a;origins=x'],
  ['--origins', 'https://shop.example/path'],
  ['--origins', '*'],
  ['--vectors', '0'],
  ['--vectors', '1e3'],
  ['--vectors', ''],
])('%s %s is refused', async (option, value) => {
  await expect(keys('add', option, value)).rejects.toThrow('unexpected');
  await expect(secret()).rejects.toThrow();
});

test('a quota without namespaces is refused, since it would limit nothing', async () => {
  await expect(keys('add', '--vectors', '1000')).rejects.toThrow('name them');
  await expect(secret()).rejects.toThrow();
});

test('keys that a secret cannot hold are refused', async () => {
  const entry = `${'a'.repeat(64)}:read+write`;
  await writeFile(file, JSON.stringify({ API_KEY_HASHES: Array(65).fill(entry).join(' ') }));
  await expect(keys('add')).rejects.toThrow('would exceed');
  expect(await secret()).toHaveLength(65 * (entry.length + 1) - 1);
  await writeFile(file, JSON.stringify({ API_KEY_HASHES: Array(61).fill(entry).join(' ') }));
  await keys('add');
});

test('nothing is deployed without keys but with --open', async () => {
  const deploy = (...args: string[]) =>
    run(
      process.execPath,
      ['scripts/deploy/deploy.ts', '--dry-run', '--outdir', join(folder, 'out'), '--keys', file, ...args],
      {
        cwd: root,
        env: {
          ...process.env,
          // No account: the keys of a deployed Worker cannot be read.
          CLOUDFLARE_API_TOKEN: '',
          HOME: folder,
          XDG_CONFIG_HOME: folder,
          WRANGLER_SEND_METRICS: 'false',
          PATH: `${join(root, 'node_modules/.bin')}${delimiter}${process.env.PATH}`,
        },
      },
    );
  await expect(deploy()).rejects.toThrow('without API keys');
  await expect(stat(join(folder, 'out'))).rejects.toThrow();
  await deploy('--open');
  await stat(join(folder, 'out/worker.js'));
  await keys('add');
  await rm(join(folder, 'out'), { recursive: true });
  await deploy();
  await stat(join(folder, 'out/worker.js'));
});
