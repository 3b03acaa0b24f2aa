import { execFile } from 'node:child_process';
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
  ['--scopes', ''],
  ['--scopes', 'read,write'],
  ['--namespaces', 'a;origins=x'],
  ['--namespaces', ''],
  ['--namespaces', ' '],
  ['--namespaces', 'a,b'],
  ['--origins', 'https://shop.example/path'],
  ['--origins', '*'],
  ['--origins', ''],
  ['--vectors', '0'],
  ['--vectors', '1e3'],
  ['--vectors', ''],
])('%s %j is refused', async (option, value) => {
  await expect(keys('add', option, value)).rejects.toThrow('unexpected');
  await expect(secret()).rejects.toThrow();
});

test.each([
  [['add', 'photos'], 'Unexpected "photos"'],
  [['add', '--origins', 'https://a.example', '--origins', 'https://b.example'], '--origins: expected once'],
  [['revoke', 'a', 'b'], 'Unexpected "b"'],
])('%j is refused: it would do less than it seems to', async (args, message) => {
  await expect(keys(...args)).rejects.toThrow(message);
  await expect(secret()).rejects.toThrow();
});

const keysHere = (...args: string[]) =>
  run(process.execPath, [join(root, 'scripts/deploy/keys.ts'), ...args], { cwd: folder });

test('each environment has a file of its own, which git ignores', async () => {
  await keysHere('add');
  const { stdout } = await keysHere('add', '--env', 'staging', '--scopes', 'read');
  expect(stdout).toContain('read in all namespaces');
  expect((await readdir(folder)).toSorted()).toEqual(['.keys.json', '.staging.keys.json']);
  expect((await stat(join(folder, '.staging.keys.json'))).mode & 0o777).toBe(0o600);
  const revoked = await keysHere(
    'revoke',
    '--env',
    'staging',
    stdout.trim().split('\n').at(-1)?.slice(0, 12) ?? '',
  );
  expect(revoked.stdout).toMatch(/deploy -- --env staging, or: .* bulk .staging.keys.json --env staging/);
  expect((await keysHere()).stdout).toMatch(/^[0-9a-f]{12} read\+write/);
});

test.each(['--file=', '--env=', '--env=../x', '--env=a b'])('%s is refused', async (option) => {
  await expect(keysHere('add', option)).rejects.toThrow(/--(file|env): expected/);
  expect(await readdir(folder)).toEqual([]);
});

test.each([
  '{"API_KEY_HASHES":""}',
  '{"API_KEY_HASHES":" "}',
  '{"API_KEY_HASHES":null}',
  '{"API_KEY_HASHES":"none","OTHER":"x"}',
  'API_KEY_HASHES=',
  '[]',
])('the file of keys %s is refused', async (text) => {
  await writeFile(file, text);
  await expect(keys('add')).rejects.toThrow('with a list of keys and nothing else');
  expect(await readFile(file, 'utf8')).toBe(text);
});

test('what others may read of the file of keys is taken from them', async () => {
  for (const command of [[], ['add']]) {
    await writeFile(file, `{"API_KEY_HASHES":"${'a'.repeat(64)}"}`);
    await chmod(file, 0o644);
    await keys(...command);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  }
});

test('a key is revoked with all its entries, and the list without keys lets nobody in', async () => {
  const [a, b] = ['a'.repeat(64), 'b'.repeat(64)];
  await writeFile(file, JSON.stringify({ API_KEY_HASHES: `${a}:read ${b};origins= ${a.toUpperCase()}` }));
  expect(await keys()).toMatch(/^a{12} allows nothing.*\nb{12} allows nothing.*\na{12} allows nothing/);
  await keys('revoke', 'a'.repeat(12));
  expect(await secret()).toBe(`${b};origins=`);
  await keys('revoke', 'b'.repeat(12));
  expect(await keys()).toBe('');
  const left = await secret();
  expect(left).toBe('none');
  const headers = { authorization: 'Bearer none' };
  const env = { ASSETS: shippedAssets, API_KEY_HASHES: left };
  expect((await createNodeApp().request('/v1/models', { headers }, env)).status).toBe(401);
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
