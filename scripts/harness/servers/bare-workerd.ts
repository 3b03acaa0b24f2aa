import { execFile, execFileSync, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { freePort } from './hosted.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** Flags of V8 that give an isolate the heap that it has in production, 128 MB. */
export const isolateHeap = ['--max-heap-size=128'];

/** A workerd that runs the bundle of a deployment, without wrangler's development server. */
export interface BareWorkerd {
  url: string;
  pid: number;
  /** When its process started, by `performance.now()`. */
  began: number;
  /** Address of the Worker's inspector (Chrome DevTools Protocol). */
  inspector: string;
  /** MB of its resident memory. */
  memory(): number;
  /** Milliseconds of CPU time that it has taken, whatever else the machine does; of Linux alone. */
  cpu(): number;
  /** MB that its memory has grown by at most while some work was done; of Linux alone. */
  growth(work: () => Promise<unknown>): Promise<number>;
  stop(): Promise<void>;
}

/**
 * Bundles a Worker as a deployment does, and starts it in workerd without the development server, whose own memory grows by
 * some 25 kB per request. It serves the models, keeps vectors while it runs, and lets anybody write where there are no keys.
 *
 * @param entry - from the root of the repository.
 * @param options.flags - flags of V8.
 * @param options.vars - bindings of text.
 */
export async function startBareWorkerd(
  entry = 'src/worker.ts',
  { flags = [], vars = {} }: { flags?: string[]; vars?: Record<string, string> } = {},
): Promise<BareWorkerd> {
  const folder = await mkdtemp(join(tmpdir(), 'unlabel-bare-'));
  const bin = (name: string) => join(root, 'node_modules/.bin', name);
  await promisify(execFile)(bin('wrangler'), ['deploy', entry, '--dry-run', '--env=', '--outdir', folder], {
    cwd: root,
    env: { ...process.env, PATH: `${bin('')}:${process.env.PATH}`, WRANGLER_SEND_METRICS: 'false' },
  });
  const state = join(folder, 'state');
  await mkdir(state);
  const [port, inspectorPort] = [await freePort(), await freePort()];
  const files = (await readdir(folder)).sort((a, b) => Number(b.endsWith('.js')) - Number(a.endsWith('.js')));
  const modules = files
    .filter((name) => /\.(js|wasm)$/.test(name))
    .map((name) => `(name = "./${name}", ${name.endsWith('.js') ? 'esModule' : 'wasm'} = embed "${name}")`);
  await writeFile(
    join(folder, 'config.capnp'),
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  v8Flags = ${JSON.stringify(['--expose-gc', ...flags])},
  services = [
    (name = "main", worker = .worker),
    (name = "assets", disk = "${join(root, 'dist/assets')}"),
    (name = "state", disk = (path = "${state}", writable = true)),
  ],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")],
);
const worker :Workerd.Worker = (
  modules = [${modules.join(', ')}],
  compatibilityDate = "2026-11-02",
  compatibilityFlags = ["enable_request_signal"],
  durableObjectNamespaces = [
    (className = "VectorNamespace", uniqueKey = "vectors", enableSql = true),
    (className = "ClassSets", uniqueKey = "classes", enableSql = true),
  ],
  durableObjectStorage = (localDisk = "state"),
  bindings = [
    (name = "ASSETS", service = "assets"),
    (name = "DEFAULT_MODEL", text = "cifar10"),
    (name = "ALLOW_OPEN_WRITES", text = "true"),
    (name = "VECTORS", durableObjectNamespace = "VectorNamespace"),
    (name = "CLASSES", durableObjectNamespace = "ClassSets"),
${Object.entries(vars)
  .map(([name, text]) => `    (name = "${name}", text = ${JSON.stringify(text)}),\n`)
  .join('')}  ],
);`,
  );
  // As text, workerd would hold the files of the Worker several times over, which no deployment does.
  const { stdout: config } = await promisify(execFile)(
    bin('workerd'),
    ['compile', '--config-only', join(folder, 'config.capnp')],
    { encoding: 'buffer', maxBuffer: 1e8 },
  );
  await writeFile(join(folder, 'config.bin'), config);
  const began = performance.now();
  const workerd = spawn(
    bin('workerd'),
    [
      ...['serve', '--experimental', '--binary', join(folder, 'config.bin')],
      `--inspector-addr=127.0.0.1:${inspectorPort}`,
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let log = '';
  workerd.stderr.on('data', (chunk) => {
    log = (log + chunk).slice(-10_000);
  });
  const ended = new Promise<void>((resolve) => workerd.once('exit', () => resolve()));
  const stop = async () => {
    workerd.kill();
    await ended;
    await rm(folder, { recursive: true, force: true });
  };
  const url = `http://127.0.0.1:${port}`;
  const inspector = `ws://127.0.0.1:${inspectorPort}/main`;
  for (let tries = 0; tries < 3000 && workerd.exitCode === null && workerd.signalCode === null; tries++) {
    const health = await fetch(`${url}/health`).catch(() => undefined);
    const { pid } = workerd;
    if (health?.ok && pid)
      return {
        url,
        pid,
        began,
        inspector,
        memory: () => residentMemory(pid),
        cpu: () => cpuTime(pid),
        growth: (work) => growthOf(pid, work),
        stop,
      };
    await sleep(10);
  }
  await stop();
  throw new Error(`workerd did not start:\n${log}`);
}

function residentMemory(pid: number): number {
  const kibibytes = Number(execFileSync('ps', ['-o', 'rss=', '-p', `${pid}`], { encoding: 'utf8' }));
  return Math.round((kibibytes * 1024) / 1e6);
}

/** User and system time are the 14th and 15th field of `stat` (proc(5)), in ticks of 10 ms. */
function cpuTime(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/.*\) /, '').split(' ');
  return 10 * (Number(fields[11]) + Number(fields[12]));
}

async function growthOf(pid: number, work: () => Promise<unknown>): Promise<number> {
  const read = async (field: string) => {
    const status = await readFile(`/proc/${pid}/status`, 'utf8');
    return (Number(new RegExp(`${field}:\\s+(\\d+)`).exec(status)?.[1]) * 1024) / 1e6;
  };
  // Sets the peak (VmHWM) back to what is resident now.
  await writeFile(`/proc/${pid}/clear_refs`, '5');
  const before = await read('VmRSS');
  await work();
  return (await read('VmHWM')) - before;
}
