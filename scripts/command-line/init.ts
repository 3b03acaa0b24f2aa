/** Writes a small project: a Worker with Unlabel, and its configuration. See `--help`. */
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { fail, parseCommand } from '../harness/command.ts';

const { values, positionals } = parseCommand(
  `Usage: npx unlabel-server init [FOLDER] [options]

Writes a small project into a folder (default: this one): a Worker with Unlabel, and its configuration. Keeps a package.json
that is there, adds the names of files with secrets to .gitignore, and changes no other file.

  --name NAME  name of the Worker (default: that of the folder)

Then, in the folder: npm install, and npm start to serve it on http://localhost:8787.`,
  { name: { type: 'string' } },
  { allowPositionals: true },
);
const [folder = '.', ...rest] = positionals;
if (rest.length > 0) fail(`Unexpected ${JSON.stringify(rest[0])}`);
const {
  name = basename(resolve(folder))
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-'),
} = values;
// As Cloudflare names Workers.
if (!/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(name))
  fail(`--name: expected 1 to 63 small letters, digits and -, got ${JSON.stringify(name)}`);

/** The manifest of this package. */
const { version, peerDependencies } = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
);
const files: Record<string, string> = {
  'package.json': `${JSON.stringify(
    {
      name,
      private: true,
      type: 'module',
      scripts: { start: 'unlabel-server dev', deploy: 'unlabel-server deploy' },
      dependencies: { 'unlabel-server': `^${version}` },
      devDependencies: { wrangler: peerDependencies.wrangler },
    },
    null,
    2,
  )}\n`,
  'src/index.ts': `import { createApp } from 'unlabel-server';

// wrangler.toml binds them: they store vectors and sets of classes.
export { ClassSets, VectorNamespace } from 'unlabel-server';

export default createApp();
`,
  'wrangler.toml': `name = "${name}"
main = "src/index.ts"
compatibility_date = "2026-11-02"
# Aborts work when the client disconnects.
compatibility_flags = ["enable_request_signal"]
# Half the script, which every start of the Worker reads.
minify = true

# The models, the pages and their runtime. The Worker answers first: it checks keys, and adds headers.
[assets]
directory = "node_modules/unlabel-server/dist/assets"
binding = "ASSETS"
run_worker_first = true

[vars]
DEFAULT_MODEL = "cifar10"

# Stored vectors and sets of classes.
[[durable_objects.bindings]]
name = "VECTORS"
class_name = "VectorNamespace"

[[durable_objects.bindings]]
name = "CLASSES"
class_name = "ClassSets"

[[migrations]]
tag = "v1"
new_sqlite_classes = ["VectorNamespace", "ClassSets"]

# Requests of one key, or of one address without a key.
[[ratelimits]]
name = "RATE_LIMIT"
namespace_id = "1001"
simple = { limit = 600, period = 60 }
`,
};
const ignored = ['node_modules/', '.wrangler/', '*.keys.json', '.dev.vars*', '.env*'];

const present = Object.keys(files).filter((file) => existsSync(join(folder, file)));
const taken = present.filter((file) => file !== 'package.json');
if (taken.length > 0)
  fail(`${resolve(folder)} has ${taken.join(', ')}: move it away, or name another folder`);
const written = Object.entries(files).filter(([file]) => !present.includes(file));
for (const [file, text] of written) {
  mkdirSync(dirname(join(folder, file)), { recursive: true });
  writeFileSync(join(folder, file), text);
}
ignore(join(folder, '.gitignore'));
const steps = [
  ...(relative('.', folder) ? [`cd ${relative('.', folder)}`] : []),
  ...(present.length > 0
    ? ['npm install unlabel-server && npm install --save-dev wrangler', 'npx unlabel-server dev']
    : ['npm install', 'npm start']),
];
console.log(
  `Written: ${[...written.map(([file]) => file), '.gitignore'].join(', ')}\nNext: ${steps.join(' && ')}`,
);

/** Keeps secrets out of the history. */
function ignore(file: string): void {
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const missing = ignored.filter((line) => !text.split(/\r?\n/).includes(line));
  const separator = text === '' || text.endsWith('\n') ? '' : '\n';
  if (missing.length > 0) appendFileSync(file, `${separator}${missing.join('\n')}\n`);
}
