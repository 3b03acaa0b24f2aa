import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** A deployment on this machine. */
export interface Hosted {
  /** Its address, without a trailing slash. */
  url: string;
  /** Process group of wrangler and workerd. */
  pid: number;
  /** Stops it. */
  stop(): Promise<void>;
  /** Kills workerd and wrangler by SIGKILL; what is on disk stays. */
  crash(): Promise<void>;
}

/**
 * Starts the deployment of `wrangler.toml` in workerd, with the shipped models, on a free port of the loopback
 * address.
 * @param options.vars - bindings beside those of `wrangler.toml`, as text.
 * @param options.entry - another Worker than that of `wrangler.toml`, from the root of the repository.
 * @param options.state - folder of what it stores, which is kept. Default: one that goes when it stops.
 * @param options.assets - another folder of static assets than that of `wrangler.toml`.
 * @param options.project - folder with the `wrangler.toml`. Default: the repository.
 * @param options.mount - path that the app is mounted under, which `url` then has. Default: none.
 */
export async function startHosted({
  vars = {},
  entry,
  state: kept,
  assets,
  project = root,
  mount = '',
}: {
  vars?: Record<string, string>;
  entry?: string;
  state?: string;
  assets?: string;
  project?: string;
  mount?: string;
} = {}): Promise<Hosted> {
  const port = await freePort();
  const state = kept ?? (await mkdtemp(join(tmpdir(), 'unlabel-')));
  const args = [
    'dev',
    ...(entry ? [entry] : []),
    ...(assets ? ['--assets', assets] : []),
    '--port',
    `${port}`,
    '--inspector-port',
    `${await freePort()}`,
    '--persist-to',
    state,
  ];
  for (const [name, value] of Object.entries(vars)) args.push('--var', `${name}:${value}`);
  const wrangler = spawn(join(root, 'node_modules/.bin/wrangler'), args, {
    cwd: project,
    // In its own process group, so that a signal reaches workerd too.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      PATH: `${join(root, 'node_modules/.bin')}:${process.env.PATH}`,
      CI: '1',
      CLOUDFLARE_CF_FETCH_ENABLED: 'false',
      WRANGLER_SEND_METRICS: 'false',
      // Its collector would keep the spans of every request in the process whose memory is measured.
      X_LOCAL_OBSERVABILITY: 'false',
    },
  });
  let log = '';
  wrangler.stdout.on('data', (chunk) => {
    log += chunk;
  });
  wrangler.stderr.on('data', (chunk) => {
    log += chunk;
  });
  const ended = new Promise<void>((resolve) => wrangler.once('exit', () => resolve()));
  const isRunning = () => wrangler.exitCode === null && wrangler.signalCode === null;
  const end = async (signal: NodeJS.Signals) => {
    if (isRunning() && wrangler.pid) process.kill(-wrangler.pid, signal);
    await ended;
  };
  const stop = async () => {
    await end('SIGTERM');
    // workerd may outlive wrangler by a moment.
    if (!kept) await rm(state, { recursive: true, force: true, maxRetries: 9 });
  };

  const url = `http://127.0.0.1:${port}${mount}`;
  for (let tries = 0; tries < 240 && isRunning(); tries++) {
    const health = await fetch(`${url}/health`).catch(() => undefined);
    if (health?.ok && wrangler.pid) return { url, pid: wrangler.pid, stop, crash: () => end('SIGKILL') };
    await sleep(500);
  }
  await stop();
  throw new Error(`wrangler dev did not start:\n${log}`);
}

/**
 * Finds a free port of the loopback address. It is below those that the system gives to whoever asks for any, which could
 * take it before its server does.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(12_000 * Math.random());
    if (await isFree(port)) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(false) : reject(error),
    );
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
