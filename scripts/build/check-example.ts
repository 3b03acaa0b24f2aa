/**
 * Installs the packed package in a copy of each project of `examples/`, as its user would, and classifies a picture with it.
 * Ends non-zero where anything fails.
 *
 *     npm run check:example [-- --only node]
 *
 * Needs `npm run build`.
 */
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { drawPng } from '../harness/inputs/draw-png.ts';
import { startHosted } from '../harness/servers/hosted.ts';
import type { Check } from './examples/example.ts';
import { checkNode } from './examples/node.ts';
import { install, pack } from './examples/package.ts';
import { checkPython } from './examples/python.ts';
import { checkViteReact } from './examples/vite-react.ts';
import { checkWorker } from './examples/worker.ts';

const checks: Record<string, Check> = {
  node: checkNode,
  python: checkPython,
  worker: checkWorker,
  'vite-react': checkViteReact,
};

const { only = Object.keys(checks) } = parseArgs({
  options: { only: { type: 'string', multiple: true } },
}).values;
const examples = fileURLToPath(new URL('../../examples/', import.meta.url));
const hosted = await startHosted();
const scratch = await mkdtemp(join(tmpdir(), 'unlabel-examples-'));
try {
  const packed = pack(scratch);
  const picture = join(scratch, 'picture.png');
  await writeFile(
    picture,
    drawPng(320, 240, (x, y) => [x % 256, y % 256, 100]),
  );
  for (const name of only) {
    const check = checks[name];
    if (!check) throw new Error(`There is no example ${name}: ${Object.keys(checks).join(', ')}`);
    const folder = join(scratch, name);
    await cp(join(examples, name), folder, { recursive: true });
    install(folder, packed);
    console.log(`${name}: ${await check({ folder, picture, url: hosted.url })}`);
  }
} finally {
  await hosted.stop();
  await rm(scratch, { recursive: true });
}
