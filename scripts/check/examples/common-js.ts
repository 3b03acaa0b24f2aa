import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Check, expectAnswer } from './example.ts';
import { run } from './package.ts';

/** The oldest Node that is supported: it cannot `require` an ES module. */
const oldestNode = '20.0.0';

const program = `
const { readFileSync } = require('node:fs');
const { createClient, UnlabelError } = require('unlabel');
const local = require('unlabel/local');
if (local.UnlabelError !== UnlabelError) throw new Error('Expected one class UnlabelError, got two');
require('unlabel/webgpu');
require('unlabel/stock');
const client = createClient({ url: process.env.UNLABEL_URL, model: 'cifar10' });
client.classify(readFileSync(process.argv[2]), { topK: 1 }).then(({ predictions: [best] }) => {
  console.log(process.version, best.label);
});
`;

/** Runs a CommonJS program of the example for Node in the oldest Node. */
export const checkCommonJs: Check = async ({ folder, picture, url }) => {
  const file = join(folder, 'package.json');
  const manifest = JSON.parse(await readFile(file, 'utf8'));
  await writeFile(file, JSON.stringify({ ...manifest, type: 'commonjs' }));
  await writeFile(join(folder, 'classify.js'), program);
  const answer = run(
    folder,
    { UNLABEL_URL: url },
    'npx',
    '--yes',
    `node@${oldestNode}`,
    'classify.js',
    picture,
  );
  return expectAnswer(answer, /^v20\.0\.0 \w+$/);
};
