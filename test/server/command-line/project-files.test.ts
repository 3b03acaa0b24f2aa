import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, readdir, readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { createProject, type Project } from './project.ts';

let project: Project;
beforeAll(async () => {
  project = await createProject();
});
afterAll(() => project?.remove());
afterEach(() => project.clear());

const at = (path: string) => join(project.folder, path);
const read = (path: string) => readFile(at(path), 'utf8');

test('lists its commands, and refuses another one', async () => {
  const { out, status } = await project.run(['--help']);
  expect(status).toBe(0);
  for (const name of ['init', 'dev', 'keys', 'assets', 'deploy', 'import']) {
    expect(out).toContain(`  ${name} `);
    expect((await project.run([name, '--help'])).out).toMatch(`Usage: npx unlabel-server ${name}`);
  }
  const other = await project.run(['serve']);
  expect([other.status, other.err]).toEqual([2, expect.stringContaining('got serve')]);
});

test('init writes a project once, and git ignores its secrets', async () => {
  const { out } = await project.run(['init', 'My Photos']);
  expect(out).toContain('cd My Photos && npm install && npm start');
  expect(await read('My Photos/wrangler.toml')).toContain('name = "my-photos"');
  const { dependencies, devDependencies } = JSON.parse(await read('My Photos/package.json'));
  expect(dependencies['unlabel-server']).toMatch(/^\^\d/);
  expect(devDependencies.wrangler).toMatch(/^\^4/);

  const git = promisify(execFile);
  await git('git', ['init', '-q', at('My Photos')]);
  const secrets = ['.keys.json', 'staging.keys.json', '.dev.vars', '.env.local'];
  const { stdout } = await git('git', ['-C', at('My Photos'), 'check-ignore', ...secrets]);
  expect(stdout.trim().split('\n')).toEqual(secrets);

  await project.write('My Photos/src/index.ts', 'mine');
  expect(await project.run(['init', 'My Photos'])).toMatchObject({
    status: 2,
    err: expect.stringContaining('has src/index.ts, wrangler.toml'),
  });
  expect(await read('My Photos/src/index.ts')).toBe('mine');
});

test('init keeps a package.json and the lines of .gitignore', async () => {
  await project.write('package.json', '{"name":"mine"}');
  await project.write('.gitignore', 'node_modules/\nmine');
  const { out, status } = await project.run(['init', '--name', 'shop']);
  expect([status, out]).toEqual([0, expect.stringContaining('npm install --save-dev wrangler')]);
  expect(await read('package.json')).toBe('{"name":"mine"}');
  expect(await read('.gitignore')).toMatch(/^node_modules\/\nmine\n\.wrangler\/\n/);
});

test('init refuses a name that no Worker can have', async () => {
  for (const name of ['', 'Big', '-a', 'a b', 'x'.repeat(64)])
    expect(await project.run(['init', `--name=${name}`])).toMatchObject({ status: 2 });
  expect(await readdir(project.folder)).toEqual([]);
});

test('keys and deploy work on the files of the project', async () => {
  await project.run(['init', '--name', 'shop']);
  expect((await project.run(['keys', 'add', '--scopes', 'read'])).out).toContain('unl_');
  expect((await project.run(['keys'])).out).toMatch(/^[0-9a-f]{12} read in all namespaces/);
  expect(JSON.parse(await read('.keys.json'))).toEqual({ API_KEY_HASHES: expect.stringContaining(':read') });
  await project.write('.keys.json', '{"API_KEY_HASHES":" "}');
  expect(await project.run(['deploy', '--dry-run'])).toMatchObject({ status: 2 });
});

test('deploy without keys names the commands of this package', async () => {
  await project.run(['init', '--name', 'shop']);
  const { err, status } = await project.run(['deploy', '--dry-run'], {
    CLOUDFLARE_API_TOKEN: '',
    HOME: project.folder,
  });
  expect(status).toBe(1);
  expect(err).toContain('`npx unlabel-server keys add`');
  expect(err).toContain('`npx unlabel-server deploy --open`');
});

test('assets puts the files of the package beside one’s own, and empties only its own folder', async () => {
  await project.write('public/index.html', 'mine');
  await project.write('public/.well-known/security.txt', 'mine');
  const options = ['assets', '--public', 'public', '--folder', 'unlabel', '--out', 'out'];
  expect(await project.run(options)).toMatchObject({
    status: 0,
    out: expect.stringContaining('models cifar10'),
  });
  expect(await read('out/index.html')).toBe('mine');
  expect(await read('out/.well-known/security.txt')).toBe('mine');
  expect(await read('out/unlabel/pages/demo.html')).toContain('Unlabel');
  expect(JSON.parse(await read('out/unlabel/models/index.json'))).toEqual({ models: ['cifar10'] });

  await project.write('out/stale.txt', 'of the last time');
  expect(await project.run(options)).toMatchObject({ status: 0 });
  expect(existsSync(at('out/stale.txt'))).toBe(false);

  await project.write('precious/file.txt', 'mine');
  for (const out of ['precious', '.', 'public', 'public/out'])
    expect(await project.run([...options, '--out', out])).toMatchObject({ status: 2 });
  expect(await read('precious/file.txt')).toBe('mine');
});

test('assets refuses links, and names that the package has', async () => {
  await project.write('public/index.html', 'mine');
  expect(await project.run(['assets', '--public', 'public'])).toMatchObject({ status: 0 });
  expect(await read('dist/assets/index.html')).toBe('mine');
  await project.write('public/models/index.json', '{}');
  expect(await project.run(['assets', '--public', 'public'])).toMatchObject({
    status: 2,
    err: expect.stringContaining('the package has a file models/index.json too'),
  });
  await symlink('/etc/passwd', at('public/link.txt'));
  expect(await project.run(['assets', '--public', 'public', '--folder', 'unlabel'])).toMatchObject({
    status: 2,
    err: expect.stringContaining('no link: link.txt'),
  });
  expect(await project.run(['assets', '--folder', '../x'])).toMatchObject({ status: 2 });
});

test('assets adds models of one’s own to the index, under other names', async () => {
  const model = join(import.meta.dirname, '../../../model/cifar10');
  await cp(model, at('models/pets'), { recursive: true });
  expect((await project.run(['assets', '--models', 'models'])).out).toContain('models cifar10, pets');
  expect(JSON.parse(await read('dist/assets/models/index.json'))).toEqual({ models: ['cifar10', 'pets'] });
  await cp(model, at('models/cifar10'), { recursive: true });
  expect(await project.run(['assets', '--models', 'models'])).toMatchObject({
    status: 2,
    err: expect.stringContaining('other names than cifar10'),
  });
});
