/** Installs the packed package in a copy of each project of `examples/`, and classifies a picture with it. See `--help`. */
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fail, parseCommand } from '../harness/command.ts';
import { drawPng } from '../harness/inputs/draw-png.ts';
import { startHosted } from '../harness/servers/hosted.ts';
import { checkCommonJs } from './examples/common-js.ts';
import type { Check } from './examples/example.ts';
import { checkNode } from './examples/node.ts';
import { checkOutside } from './examples/outside.ts';
import { install, pack } from './examples/package.ts';
import { checkEsbuild, checkImportMap } from './examples/plain-page.ts';
import { checkPython } from './examples/python.ts';
import { checkViteReact } from './examples/vite-react.ts';
import { checkWorker } from './examples/worker.ts';

const checks: Record<string, Check> = {
  node: checkNode,
  'common-js': checkCommonJs,
  outside: checkOutside,
  python: checkPython,
  worker: checkWorker,
  'vite-react': checkViteReact,
  esbuild: checkEsbuild,
  'import-map': checkImportMap,
};

/** Projects of `examples/` that a check of another name starts from. */
const sources: Record<string, string> = {
  'common-js': 'node',
  outside: 'node',
  esbuild: 'node',
  'import-map': 'node',
};

const { values } = parseCommand(
  `Usage: npm run check -- examples [--only NAME]...

Packs the package as npm run build made it, installs it in a copy of each project of examples/, as its user would, and
classifies a picture with it. Needs the package registry, Python 3 and a Chromium.

  --only NAME  one of ${Object.keys(checks).join(', ')}; may be repeated`,
  { only: { type: 'string', multiple: true } },
);
const { only = Object.keys(checks) } = values;
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
    if (!check) fail(`--only: expected one of ${Object.keys(checks).join(', ')}, got ${name}`);
    const folder = join(scratch, name);
    await cp(join(examples, sources[name] ?? name), folder, { recursive: true });
    install(folder, packed);
    console.log(`${name}: ${await check({ folder, picture, url: hosted.url })}`);
  }
} finally {
  await hosted.stop();
  await rm(scratch, { recursive: true });
}
