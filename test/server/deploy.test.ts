import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';

// Each deployment starts wrangler, and builds the assets.
vi.setConfig({ testTimeout: 180_000 });

const root = fileURLToPath(new URL('../../', import.meta.url));
const run = promisify(execFile);

/** What wrangler asked Cloudflare's API for: method, Worker, and what comes after it in the path. */
let calls: { method: string; worker: string; rest: string; body: string }[] = [];
/** Names of the Workers that have the secret `API_KEY_HASHES`. */
let closed: string[] = [];

/** Cloudflare's API, as far as a deployment needs it. */
const api: Server = createServer(async (request, response) => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const { pathname } = new URL(request.url ?? '', 'http://localhost');
  const [, worker = '', rest = ''] =
    /workers\/(?:scripts|services|workers)\/([^/]+)\/?(.*)/.exec(pathname) ?? [];
  calls.push({ method: request.method ?? '', worker, rest, body: Buffer.concat(chunks).toString() });
  const results: Record<string, unknown> = {
    secrets: closed.includes(worker) ? [{ name: 'API_KEY_HASHES', type: 'secret_text' }] : [],
    deployments: { deployments: [{ id: 'd', source: 'api', versions: [] }] },
  };
  const isMissing = pathname.includes('/services/');
  response.statusCode = isMissing ? 404 : 200;
  response.setHeader('content-type', 'application/json');
  const errors = isMissing ? [{ code: 10_090, message: 'not found' }] : [];
  const result = results[rest] ?? { subdomain: { enabled: false, previews_enabled: false }, enabled: false };
  response.end(JSON.stringify({ success: !isMissing, errors, messages: [], result }));
});

let folder: string;
const at = (name: string) => join(folder, name);
beforeAll(async () => {
  await once(api.listen(0, '127.0.0.1'), 'listening');
});
afterAll(() => api.close());
beforeEach(async () => {
  [calls, closed] = [[], []];
  folder = await mkdtemp(join(tmpdir(), 'unlabel-deploy-'));
  // A Worker without assets, so that the API needs to take none.
  await writeFile(at('worker.js'), 'export default { fetch: () => new Response() };');
  for (const name of ['one', 'two'])
    await writeFile(
      at(`${name}.toml`),
      `name = "${name}"\nmain = "worker.js"\ncompatibility_date = "2026-11-02"\n[env.staging.vars]\nA = "b"\n`,
    );
});
afterEach(() => rm(folder, { recursive: true }));

const deploy = (args: string[], more: Record<string, string> = {}, cwd = root) =>
  run(process.execPath, [join(root, 'scripts/deploy/deploy.ts'), ...args], {
    cwd,
    env: {
      ...process.env,
      CI: '1',
      CLOUDFLARE_ACCOUNT_ID: 'account',
      CLOUDFLARE_API_TOKEN: 'token',
      CLOUDFLARE_API_BASE_URL: `http://127.0.0.1:${(api.address() as AddressInfo).port}`,
      HOME: folder,
      XDG_CONFIG_HOME: folder,
      WRANGLER_SEND_METRICS: 'false',
      PATH: `${join(root, 'node_modules/.bin')}${delimiter}${process.env.PATH}`,
      ...more,
    },
  });
const config = () => ['--config', at('one.toml')];
const checked = () => calls.filter(({ rest }) => rest === 'secrets').map(({ worker }) => worker);
const uploads = () => calls.filter(({ method, rest }) => method === 'PUT' && rest === '');

test.each([
  [['--open=false']],
  [['--open=true']],
  [['--no-open']],
  [['--open', '--cwd', '.']],
  [['--open', '--dispatch-namespace', 'x']],
  [['--open', '--var', 'API_KEY_HASHES:x']],
  [['--open', 'other.js']],
  [['--open', '--', '--name', 'other']],
  [['--open', '--env=']],
  [['--open', '--name=']],
  [['--open', '--config=']],
  [['--open', '--keys=']],
  [['--open', '--keys', 'missing.json']],
  [['--open', '--config', 'missing.toml']],
  [['--open', '--env', 'stagin']],
  [['--open', '--env', 'staging', '--name', 'other']],
])('%j deploys nothing', async (args) => {
  await expect(deploy([...config(), ...args])).rejects.toMatchObject({ code: 2 });
  expect(calls).toEqual([]);
});

/** The Worker that is meant, by the options. */
const targets: [worker: string, options: string[], environment: Record<string, string>][] = [
  ['one', [], { WRANGLER_CI_OVERRIDE_NAME: 'other', CLOUDFLARE_ENV: 'staging' }],
  ['other', ['--name', 'other'], {}],
  ['one-staging', ['--env', 'staging'], {}],
  ['two', ['-c', 'two.toml'], {}],
];
const given = (options: string[]) => [
  ...config(),
  ...options.map((option) => (option.endsWith('.toml') ? at(option) : option)),
];

test.each(targets)('the Worker %s is checked for keys, by %j', async (worker, options, environment) => {
  closed = ['one', 'two', 'other', 'one-staging', 'other-staging'].filter((name) => name !== worker);
  const refused = await deploy(given(options), environment).catch((error: Error) => error.message);
  expect(refused).toContain('without API keys');
  expect(checked()).toEqual([worker]);
  expect(uploads()).toEqual([]);
  // What it proposes deploys this Worker, and no other.
  const proposed = /deploy -- (--open[^`]*)`/.exec(String(refused))?.[1]?.split(' ') ?? [];
  await deploy(proposed, environment);
  expect(uploads().map((upload) => upload.worker)).toEqual([worker]);
});

test.each(targets)('the Worker %s gets the list of keys, by %j', async (worker, options, environment) => {
  // The last key of one has been revoked.
  const list = worker === 'other' ? 'none' : `${'a'.repeat(64)}:read`;
  await writeFile(at('keys.json'), JSON.stringify({ API_KEY_HASHES: list }));
  closed = [worker];
  await deploy([...given(options), '--keys', at('keys.json')], environment);
  expect(uploads().map((upload) => upload.worker)).toEqual([worker]);
  expect(uploads()[0]?.body).toContain(
    JSON.stringify({ name: 'API_KEY_HASHES', type: 'secret_text', text: list }),
  );
});

test('an environment gets the keys of its own file, and never those of another', async () => {
  await symlink(join(root, 'node_modules'), at('node_modules'));
  const keysOf = (digit: string) => JSON.stringify({ API_KEY_HASHES: `${digit.repeat(64)}:read` });
  await writeFile(at('.keys.json'), keysOf('a'));
  const staging = () => deploy(['--config', 'one.toml', '--env', 'staging'], {}, folder);
  await expect(staging()).rejects.toThrow(/without API keys.*\n.*keys -- add --env staging/);
  expect(uploads()).toEqual([]);
  await writeFile(at('.staging.keys.json'), keysOf('b'));
  await staging();
  await deploy(['--config', 'one.toml'], {}, folder);
  expect(uploads().map(({ worker }) => worker)).toEqual(['one-staging', 'one']);
  for (const [i, digit] of ['b', 'a'].entries()) {
    expect(uploads()[i]?.body).toContain(`${digit.repeat(64)}:read`);
    expect(uploads()[i]?.body).not.toContain((digit === 'a' ? 'b' : 'a').repeat(64));
  }
});

test('a Worker that has keys is deployed without a file of them, and keeps them', async () => {
  closed = ['one'];
  await deploy(config());
  expect(uploads().map(({ worker }) => worker)).toEqual(['one']);
  expect(uploads()[0]?.body).toMatch(/"keep_bindings":\[[^\]]*"secret_text"/);
});

test('a file of keys that is empty or has a wrong entry is not uploaded, nor one with --open', async () => {
  const keys = ['--keys', at('keys.json')];
  for (const list of ['', ' ', `${'a'.repeat(64)};origins=`, `${'a'.repeat(64)} ;origins=`]) {
    await writeFile(at('keys.json'), JSON.stringify({ API_KEY_HASHES: list }));
    await expect(deploy([...config(), ...keys])).rejects.toMatchObject({ code: 2 });
  }
  await writeFile(at('keys.json'), JSON.stringify({ API_KEY_HASHES: 'none' }));
  await expect(deploy([...config(), ...keys, '--open'])).rejects.toThrow('expected no file of keys');
  expect(calls).toEqual([]);
});

test('assets that have not changed stay untouched: a server may be running on them', async () => {
  const assets = join(root, 'dist/assets');
  const stamps = async () =>
    Promise.all(
      (await readdir(assets, { recursive: true })).map(async (name) => {
        const { ino, mtimeMs } = await stat(join(assets, name));
        return [name, ino, mtimeMs];
      }),
    );
  const build = () => run(process.execPath, [join(root, 'scripts/build/assets.ts')]);
  await build();
  const before = await stamps();
  await build();
  expect(await stamps()).toEqual(before);
});

test('the Worker of wrangler.toml is bundled without keys only with --open', async () => {
  const dry = ['--dry-run', '--outdir', at('out')];
  // No account: the keys of a deployed Worker cannot be read.
  const noAccount = { CLOUDFLARE_API_TOKEN: '' };
  await expect(deploy(dry, noAccount)).rejects.toThrow('without API keys');
  await expect(stat(at('out'))).rejects.toThrow();
  await deploy([...dry, '--open'], noAccount);
  await stat(at('out/worker.js'));
});
