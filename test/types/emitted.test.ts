import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

const user = `
import { createClient, type ImageSource } from './dist/index.js';
const client = createClient({ url: 'http://localhost', model: 'cifar10', fetch });
const { predictions } = await client.classify(new Uint8Array(1));
export const label: 'airplane' | 'automobile' | 'bird' | 'cat' | 'deer' | 'dog' | 'frog' | 'horse' | 'ship' | 'truck' | undefined = predictions[0]?.label;
export const image: ImageSource = new Blob([]);
// @ts-expect-error ImageSource must not have become any
export const address: ImageSource = 'http://localhost/cat.jpg';
`;

const folder = mkdtempSync(join(tmpdir(), 'unlabel-types-'));
const tsc = (...options: string[]) => {
  const common = ['--ignoreConfig', '--strict', '--target', 'es2023', '--module', 'nodenext'];
  execFileSync(resolve('node_modules/.bin/tsc'), [...common, ...options], { cwd: folder, stdio: 'pipe' });
};

beforeAll(() => {
  for (const name of ['node_modules', 'model']) symlinkSync(resolve(name), join(folder, name));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(folder, 'user.ts'), user);
  // As tsconfig.json has it: the codecs' declarations name a type that they do not import.
  const emit = [
    '--declaration',
    '--emitDeclarationOnly',
    '--rewriteRelativeImportExtensions',
    '--skipLibCheck',
  ];
  const folders = ['--rootDir', resolve('src'), '--outDir', 'dist'];
  tsc(...emit, ...folders, '--lib', 'es2023,dom,dom.iterable', '--types', 'node', resolve('src/index.ts'));
});
afterAll(() => rmSync(folder, { recursive: true }));

test.each([
  ['a page', 'es2023,dom', ''],
  ['a Node program without the DOM library', 'es2023', 'node'],
  ['a Worker', 'es2023', '@cloudflare/workers-types'],
])('the emitted types hold in %s', (_, lib, types) => {
  expect(() => tsc('--noEmit', '--lib', lib, '--types', types, 'user.ts')).not.toThrow();
});
