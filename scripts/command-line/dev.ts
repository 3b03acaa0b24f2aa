/** Serves the Worker on this machine. See `--help`. */
import { spawn } from 'node:child_process';
import { parseCommand } from '../harness/command.ts';
import { prepareAssets, typed, wrangler } from './place.ts';

const text = { type: 'string' } as const;
const { values } = parseCommand(
  `Usage: ${typed('dev', '[options]').replace('run dev', 'start')}

Serves the Worker of wrangler.toml on this machine, without an account and without the network: http://localhost:8787. What it
stores stays in .wrangler/state. Programs and pages of this machine need no key, unless .dev.vars has API_KEY_HASHES.

  --port N           another port
  --ip ADDRESS       listen on this address too; without keys, nobody may then write
  --config FILE      another configuration than wrangler.toml
  --env NAME         another environment of the configuration
  --persist-to DIR   another folder for what it stores`,
  {
    ...{ port: text, ip: text, config: { ...text, short: 'c' }, env: { ...text, short: 'e' } },
    'persist-to': text,
  },
);
prepareAssets();

const [program, script] = wrangler();
const args = Object.entries(values).map(([name, value]) => `--${name}=${value}`);
// Others could say that they are this machine: here no proxy of Cloudflare tells the address of a caller.
if (values.ip !== undefined) args.push('--var=ALLOW_OPEN_WRITES:false');
const child = spawn(program, [script, 'dev', ...args], {
  stdio: 'inherit',
  // Local workerd needs neither Cloudflare's description of a request nor statistics.
  env: { CLOUDFLARE_CF_FETCH_ENABLED: 'false', WRANGLER_SEND_METRICS: 'false', ...process.env },
});
// The terminal sends Ctrl-C to both: wrangler ends, and this command with it.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => child.kill('SIGTERM'));
child.on('exit', (status) => {
  process.exitCode = status ?? 1;
});
