/** Deploys the Worker together with its API keys. See `--help`. */
import { spawnSync } from 'node:child_process';
import { buildAssets, parseCommand } from '../harness/command.ts';
import { keyFile, readEntries } from './key-file.ts';

const { values, tokens } = parseCommand(
  `Usage: npm run deploy [-- options]

Builds the assets, and deploys the Worker of wrangler.toml with the keys of npm run keys. Refuses when there is no key, here
or in the secret API_KEY_HASHES of the deployed Worker.

  --open         deploy without keys: anybody may call the API, reading and writing
  --env NAME     another environment of wrangler.toml, such as staging
  --keys FILE    another file of keys than .keys.json
  others         are given to wrangler deploy`,
  { open: { type: 'boolean' }, keys: { type: 'string', default: keyFile }, env: { type: 'string' } },
  { strict: false, tokens: true },
);
const own = new Set(['open', 'keys']);
const passed = tokens.flatMap((token) =>
  token.kind === 'option' && !own.has(token.name)
    ? [token.rawName, ...(token.value === undefined ? [] : [token.value])]
    : token.kind === 'positional'
      ? [token.value]
      : [],
);
const file = String(values.keys);
// wrangler.toml has several environments, so the top-level one must be named too: by an empty name.
const environment = values.env === undefined ? ['--env='] : [];

if (readEntries(file).length > 0) deploy('--secrets-file', file);
else if (values.open || hasSecret()) deploy();
else {
  console.error(
    'Not deployed: without API keys, anybody could call the API, reading and writing.\n' +
      'Make a key with `npm run keys -- add`, or deploy an open API with `npm run deploy -- --open`.',
  );
  process.exitCode = 1;
}

function deploy(...more: string[]): void {
  buildAssets();
  const { status } = spawnSync('wrangler', ['deploy', ...passed, ...environment, ...more], {
    stdio: 'inherit',
  });
  process.exitCode = status ?? 1;
}

function hasSecret(): boolean {
  const list = spawnSync('wrangler', ['secret', 'list', `--env=${values.env ?? ''}`], {
    encoding: 'utf8',
    env: { ...process.env, CI: '1' },
  });
  return list.status === 0 && list.stdout.includes('"API_KEY_HASHES"');
}
