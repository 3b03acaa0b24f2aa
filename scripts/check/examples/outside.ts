import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createClient } from '../../../src/index.ts';
import { readFixture } from '../../harness/inputs/parity-fixtures.ts';
import { type Check, expectAnswer } from './example.ts';
import { run } from './package.ts';

/** The oldest Node that is supported, and the others. */
const programs: Record<string, string[]> = {
  'Node 20.0.0': ['node@20.0.0'],
  Bun: ['bun@1', 'run'],
  Deno: [
    'deno@2',
    'run',
    '--allow-net',
    '--allow-read',
    '--allow-write',
    '--allow-env',
    '--node-modules-dir=manual',
  ],
};

/** Answers of the engine in a process, and whether the engine of a page loads nothing there. */
const program = `
const paths = process.argv.slice(2);
const engine = createLocalEngine({ model: 'cifar10', baseUrl: process.env.UNLABEL_URL, cache: 'kept' });
(async () => {
  const files = await Promise.all(paths.map((path) => readFile(path)));
  await engine.classes.create('mine', { first: [files[0]], second: [files[1]] });
  const answers = [];
  for (const image of files) {
    const { predictions } = await engine.classify(image, { topK: 1000 });
    const { embedding } = await engine.embed(image);
    const { predictions: own } = await engine.classify(image, { classes: 'mine' });
    answers.push({ predictions, embedding: [...embedding], own });
  }
  const failure = await engine.classify(new Uint8Array(9)).catch((error) => error);
  if (!(failure instanceof UnlabelError)) throw failure;
  const { fetch } = globalThis;
  let requests = 0;
  globalThis.fetch = (...args) => { requests++; return fetch(...args); };
  const ofPage = page.createLocalEngine({ model: 'cifar10', baseUrl: process.env.UNLABEL_URL });
  const refused = await ofPage.ready.catch(({ code }) => code);
  console.log(JSON.stringify({ answers, failure: failure.code, refused, requests }));
})();
`;

const asModule = `
import { readFile } from 'node:fs/promises';
import process from 'node:process';
import { UnlabelError } from 'unlabel';
import * as page from 'unlabel/local';
import { createLocalEngine } from 'unlabel/node';
${program}`;

const asCommonJs = `
const { readFile } = require('node:fs/promises');
const { UnlabelError } = require('unlabel');
const page = require('unlabel/local');
const { createLocalEngine } = require('unlabel/node');
${program}`;

/** Runs the engine in processes, and compares its answers with those of the service, to the bit. */
export const checkOutside: Check = async ({ folder, picture, url }) => {
  const photo = join(folder, 'photo.jpg');
  await writeFile(photo, readFixture('images/baseline-420.jpg'));
  await writeFile(join(folder, 'compare.mjs'), asModule);
  await writeFile(join(folder, 'compare.cjs'), asCommonJs);
  const paths = [picture, photo];
  const client = createClient({ url, model: 'cifar10' });
  const files = await Promise.all(paths.map((path) => readFile(path)));
  const classes = 'outside';
  await client.classes.create(classes, { first: files.slice(0, 1), second: files.slice(1) });
  const answers = await Promise.all(
    files.map(async (image) => {
      const { predictions } = await client.classify(image, { topK: 1000 });
      const { embedding } = await client.embed(image);
      const { predictions: own } = await client.classify(image, { classes });
      return { predictions, embedding: [...embedding], own };
    }),
  );
  const expected = JSON.stringify({
    answers,
    failure: 'unsupported_media_type',
    refused: 'not_supported',
    requests: 0,
  });
  const env = { UNLABEL_URL: url };
  for (const [name, command] of Object.entries(programs))
    for (const file of ['compare.mjs', ...(name === 'Deno' ? [] : ['compare.cjs'])]) {
      const answer = run(folder, env, 'npx', '--yes', ...command, file, ...paths).trim();
      if (answer !== expected) throw new Error(`${name}, ${file}: expected ${expected}, got ${answer}`);
    }
  const kept = run(folder, { ...env, XDG_CACHE_HOME: join(folder, 'kept') }, 'node', 'local.js', ...paths);
  expectAnswer(kept, /picture\.png: \w+, [\d.]+ %\n.*photo\.jpg: \w+, [\d.]+ %$/);
  return `${Object.keys(programs).join(', ')} answer as the service, to the bit`;
};
