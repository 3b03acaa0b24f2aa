/** Installs the packed package in a copy of each project of `examples/`, and classifies a picture with it. See `--help`. */
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseCommand } from '../harness/command.ts';
import { checkCommonJs } from './examples/common-js.ts';
import type { Check } from './examples/example.ts';
import { checkNode } from './examples/node.ts';
import { checkOutside } from './examples/outside.ts';
import { install } from './examples/package.ts';
import { checkEsbuild, checkImportMap } from './examples/plain-page.ts';
import { checkPython } from './examples/python.ts';
import { checkViteReact } from './examples/vite-react.ts';
import { checkNames, withPackages } from './examples/with-packages.ts';
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
checkNames(only, checks);
await withPackages(async ({ scratch, packed, picture, url }) => {
  for (const name of only) {
    const folder = join(scratch, name);
    await cp(join(examples, sources[name] ?? name), folder, { recursive: true });
    install(folder, packed);
    console.log(`${name}: ${await checks[name]?.({ folder, picture, url })}`);
  }
});
