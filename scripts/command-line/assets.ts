/** Gathers the static assets of a Worker: those of the package, and its own. See `--help`. */
import { existsSync, lstatSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gatherModels } from '../build/gather-models.ts';
import { fail, parseCommand } from '../harness/command.ts';

/** Begins `.assetsignore`, which wrangler does not upload: a folder without it is not ours to empty. */
const mark = '# Written by unlabel-server assets, which empties this folder.\n';
/** A name that stays one folder of a path. */
const folderName = /^[\w-][\w.-]*$/;

const { values } = parseCommand(
  `Usage: npx unlabel-server assets [options]

Writes into one folder what a Worker serves as static assets: models/, pages/ and runtime/ of the package, and your own files and
models. Needed only for these; a Worker without them serves node_modules/unlabel-server/dist/assets. Let wrangler run it, before it
serves or deploys:

  [build]
  command = "unlabel-server assets --public public"

  --public DIR   your own files. For an index.html of yours, make the app by createApp({ pages: false }), or mount it below a path
  --models DIR   your own models, each a folder with a manifest.json, as the training writes it. models/index.json names them all
  --folder NAME  puts models/, pages/ and runtime/ into this folder, where you have folders of these names yourself;
                 createApp({ assets: NAME }) finds them there
  --out DIR      where to (default: dist/assets); what is there is deleted`,
  {
    public: { type: 'string' },
    models: { type: 'string' },
    folder: { type: 'string' },
    out: { type: 'string', default: 'dist/assets' },
  },
);
const { folder = '.', out } = values;
if (values.folder !== undefined && !folderName.test(folder))
  fail(`--folder: expected letters, digits, _, . and -, got ${JSON.stringify(folder)}`);
for (const name of ['public', 'models'] as const) {
  const path = values[name];
  if (path === undefined) continue;
  if (!existsSync(path)) fail(`--${name}: there is no folder ${JSON.stringify(path)}`);
  if (!relative(path, out).startsWith('..'))
    fail(`--out: expected a folder outside of ${path}, got ${JSON.stringify(out)}`);
}

await empty(out);
const packaged = fileURLToPath(new URL('../assets/', import.meta.url));
const target = join(out, folder);
await cp(packaged, target, { recursive: true });
try {
  if (values.models) await gatherModels(values.models, target);
  if (values.public) await addFiles(values.public);
} catch (error) {
  fail((error as Error).message);
}
const own = values.public ? await readFile(join(values.public, '.assetsignore'), 'utf8').catch(() => '') : '';
await writeFile(join(out, '.assetsignore'), mark + own);
const { models } = JSON.parse(await readFile(join(target, 'models/index.json'), 'utf8'));
console.log(
  `${out}: models ${models.join(', ')}${values.public ? `, and the files of ${values.public}` : ''}`,
);

/** Empties the folder of the last time. */
async function empty(path: string): Promise<void> {
  const ignored = await readFile(join(path, '.assetsignore'), 'utf8').catch(() => '');
  const entries = await readdir(path).catch(() => []);
  if (entries.length > 0 && !ignored.startsWith(mark))
    fail(
      `--out: ${JSON.stringify(path)} has other files, which would be deleted: move them, or choose another folder`,
    );
  await rm(path, { recursive: true, force: true });
  await mkdir(path, { recursive: true });
  // At once: what a failure leaves there is ours too.
  await writeFile(join(path, '.assetsignore'), mark);
}

/** Copies files beside those of the package. Links are refused: they may point at any file of the machine. */
async function addFiles(from: string): Promise<void> {
  await cp(from, out, {
    recursive: true,
    filter(path, to) {
      const name = relative(from, path);
      const stats = lstatSync(path);
      if (stats.isSymbolicLink())
        throw new Error(`--public: expected a file or folder, and no link: ${name}`);
      if (stats.isFile() && existsSync(to) && name !== '.assetsignore')
        throw new Error(`--public: the package has a file ${name} too: choose another name, or use --folder`);
      if (values.folder !== undefined && name === folder)
        throw new Error(`--public: ${resolve(path)} has the name of --folder`);
      return true;
    },
  });
}
