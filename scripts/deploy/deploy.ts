/**
 * Deploys the Worker with the keys of `npm run keys`, and not without any.
 *
 *     npm run deploy [-- --open] [-- options of wrangler deploy]
 *
 * Without a `.keys.json` the Worker must have the secret API_KEY_HASHES already. `--open` deploys an API that anybody may
 * call, reading and writing.
 */
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { keyFile, readEntries } from './key-file.ts';

const { values, tokens } = parseArgs({
  strict: false,
  tokens: true,
  options: { open: { type: 'boolean' }, keys: { type: 'string', default: keyFile }, env: { type: 'string' } },
});
const own = new Set(['open', 'keys']);
const passed = tokens.flatMap((token) =>
  token.kind === 'option' && !own.has(token.name)
    ? [token.rawName, ...(token.value === undefined ? [] : [token.value])]
    : token.kind === 'positional'
      ? [token.value]
      : [],
);
const file = String(values.keys);
// The one at the top of wrangler.toml must be asked for by name, as there are others.
const environment = values.env === undefined ? ['--env='] : [];

if (readEntries(file).length > 0) deploy('--secrets-file', file);
else if (values.open || hasSecret()) deploy();
else {
  console.error(
    'Not deployed: there are no API keys, so anybody could call the API, reading and writing.\n' +
      'Make one with `npm run keys -- add`, or say that it is to be open: `npm run deploy -- --open`.',
  );
  process.exitCode = 1;
}

function deploy(...more: string[]): void {
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
