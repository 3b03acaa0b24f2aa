/** Deploys the Worker together with its API keys. See `--help`. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { parseKeys } from '../../src/server/keys.ts';
import { defaultConfig, prepareAssets, readConfig, typed, wrangler } from '../command-line/place.ts';
import { fail, parseCommand } from '../harness/command.ts';
import { keyFileOf, readEntries } from './key-file.ts';

const help = `Usage: ${typed('deploy', '[options]')}

Deploys the Worker of wrangler.toml, with its assets and the keys of ${typed('keys')}. Refuses when there is no file of
keys here, and no secret API_KEY_HASHES in that Worker. When all keys of the file are revoked, nobody may call the API.

  --open         deploy without a file of keys: anybody may read; writes are refused, unless the configuration
                 has the variable ALLOW_OPEN_WRITES = "true"
  --env NAME     another environment of the configuration, such as staging; its keys are those of .NAME.keys.json
  --name NAME    another name of the Worker
  --config FILE  another configuration than wrangler.toml
  --keys FILE    another file of keys than .keys.json
  --dry-run, --outdir FOLDER, --message TEXT, --tag TEXT, --keep-vars and --strict are given to wrangler deploy`;
const text = { type: 'string' } as const;
const flag = { type: 'boolean' } as const;
// A closed list: an option of wrangler that is not known here could deploy what the guard has not checked.
const { values, tokens } = parseCommand(
  help,
  {
    ...{ open: flag, keys: text, env: { ...text, short: 'e' }, name: text, config: { ...text, short: 'c' } },
    ...{ 'dry-run': flag, outdir: text, message: text, tag: text, 'keep-vars': flag, strict: flag },
  },
  { tokens: true },
);
for (const [name, value] of Object.entries(values))
  if (value === '') fail(`--${name}: expected a value, got ""`);

const { env = '', keys: file = keyFileOf(env), config = defaultConfig(), name } = values;
if (!existsSync(config)) fail(`--config: there is no file ${config}`);
// For `NAME --env ENV`, `wrangler deploy` takes the Worker NAME, and `wrangler secret list` the Worker NAME-ENV.
if (env !== '' && name !== undefined) fail('--name: expected no --env, whose Worker has a name of its own');
if (values.keys !== undefined && !existsSync(file)) fail(`--keys: there is no file ${file}`);
if (env !== '') await checkEnvironment();

/** The Worker that is checked and deployed. The top-level environment has an empty name. */
const target = [`--config=${config}`, `--env=${env}`, ...(name === undefined ? [] : [`--name=${name}`])];
// Set by a build service, it would deploy another Worker than the one that is checked.
const { WRANGLER_CI_OVERRIDE_NAME: _, ...environment } = process.env;

if (existsSync(file)) deployWithKeys();
else if (values.open || hasSecret()) deploy();
else {
  const options = (...names: ('env' | 'name' | 'config')[]) =>
    names.map((option) => (values[option] === undefined ? '' : ` --${option} ${values[option]}`)).join('');
  console.error(
    'Not deployed: without API keys, anybody could call the API.\n' +
      `Make a key with \`${typed('keys', `add${options('env')}`)}\`, or deploy an open API with \`${typed('deploy', `--open${options('env', 'name', 'config')}`)}\`.`,
  );
  process.exitCode = 1;
}

/** Wrangler would make another Worker for an environment that the configuration does not have. */
async function checkEnvironment(): Promise<void> {
  const { definedEnvironments = [] } = await readConfig(config);
  if (!definedEnvironments.includes(env))
    fail(`--env: expected an environment of ${config} (${definedEnvironments.join(', ')}), got ${env}`);
}

/** Uploads the list even where it has no keys: those that the Worker has would stay good. */
function deployWithKeys(): void {
  if (values.open) fail(`--open: expected no file of keys, but there is ${file}`);
  const keys = parseKeys(readEntries(file).join(' '));
  const wrong = keys
    .filter(({ scopes }) => scopes.length === 0)
    .map(({ id }) => id || 'one without a digest');
  if (wrong.length > 0) fail(`${file}: entries are not valid, and would allow nothing: ${wrong.join(', ')}`);
  if (keys.length === 0) console.warn(`${file} has no keys: nobody may call the API`);
  deploy('--secrets-file', file);
}

function deploy(...more: string[]): void {
  prepareAssets();
  const own = new Set(['open', 'keys', 'env', 'name', 'config']);
  const passed = tokens.flatMap((token) =>
    token.kind !== 'option' || own.has(token.name)
      ? []
      : [token.value === undefined ? `--${token.name}` : `--${token.name}=${token.value}`],
  );
  const [program, script] = wrangler();
  const { status } = spawnSync(program, [script, 'deploy', ...target, ...passed, ...more], {
    stdio: 'inherit',
    env: environment,
  });
  process.exitCode = status ?? 1;
}

/** Whether the Worker that would be deployed has keys. */
function hasSecret(): boolean {
  const [program, script] = wrangler();
  const { status, stdout } = spawnSync(program, [script, 'secret', 'list', ...target], {
    encoding: 'utf8',
    env: { ...environment, CI: '1' },
  });
  return status === 0 && stdout.includes('"API_KEY_HASHES"');
}
