/**
 * Bundles every environment of `wrangler.toml` as a deployment does, without uploading, and compares what would be uploaded
 * with the platform's limits (https://developers.cloudflare.com/workers/platform/limits/). See `--help`.
 */
import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { unstable_readConfig as readConfig } from 'wrangler';
import { buildAssets, parseCommand } from '../harness/command.ts';

parseCommand(
  `Usage: npm run check -- deploy

Bundles every environment of wrangler.toml as a deployment does, uploads nothing, and compares the result with the
platform's limits. Fails beyond any of them, and at a warning of wrangler. Needs no network and no account.`,
  {},
);
buildAssets();

const root = fileURLToPath(new URL('../../', import.meta.url));
const MiB = 1024 * 1024;

/** Limits of both plans; the free plan's where they differ. */
const limits = {
  scriptMiB: 64,
  /** Our own budget: the platform stopped counting the compressed size in 2026. */
  compressedMB: 3,
  startupMs: 1000,
  assetFiles: 20_000,
  assetMiB: 25,
};

interface Row {
  environment: string;
  what: string;
  seen: number;
  limit: number;
}

const { definedEnvironments = [] } = readConfig(
  { config: join(root, 'wrangler.toml') },
  { hideWarnings: true },
);
const folder = await mkdtemp(join(tmpdir(), 'unlabel-deploy-'));
try {
  const rows: Row[] = [];
  for (const name of ['', ...definedEnvironments]) rows.push(...(await check(name)));
  console.table(rows);
  for (const { environment, what, seen, limit } of rows) {
    if (seen <= limit) continue;
    console.error(`${environment}: expected at most ${limit} (${what}), got ${seen}`);
    process.exitCode = 1;
  }
} finally {
  await rm(folder, { recursive: true });
}

/** @param name - of an environment; empty for the top-level one. */
async function check(name: string): Promise<Row[]> {
  const out = join(folder, name, 'out');
  const profile = join(folder, name, 'startup.cpuprofile');
  const warnings = wrangler('deploy', '--dry-run', `--env=${name}`, '--outdir', out);
  wrangler('check', 'startup', `--env=${name}`, '--outfile', profile);
  // Beside these lie source maps and a README, which are not uploaded.
  const modules = (await readdir(out)).filter((file) => /\.(js|wasm)$/.test(file));
  const script = Buffer.concat(await Promise.all(modules.map((file) => readFile(join(out, file)))));

  const { assets } = readConfig({ config: join(root, 'wrangler.toml'), env: name }, { hideWarnings: true });
  const entries = await readdir(join(root, assets?.directory ?? ''), {
    recursive: true,
    withFileTypes: true,
  });
  const files = entries.filter((entry) => entry.isFile());
  const sizes = await Promise.all(
    files.map(async ({ parentPath, name }) => (await stat(join(parentPath, name))).size),
  );

  const environment = name || 'production';
  const row = (what: string, seen: number, limit: number) => ({
    environment,
    what,
    seen: Math.round(seen * 100) / 100,
    limit,
  });
  return [
    row('warnings', warnings, 0),
    row('script, MiB', script.length / MiB, limits.scriptMiB),
    row('script, MB of gzip', gzipSync(script).length / 1e6, limits.compressedMB),
    row('start-up, ms not idle', activeMs(JSON.parse(await readFile(profile, 'utf8'))), limits.startupMs),
    row('assets, files', files.length, limits.assetFiles),
    row('assets, largest, MiB', Math.max(...sizes) / MiB, limits.assetMiB),
  ];
}

/** Runs wrangler, and shows its warnings. @returns how many there were. */
function wrangler(...args: string[]): number {
  const { status, stdout, stderr } = spawnSync('wrangler', args, {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, WRANGLER_SEND_METRICS: 'false', NO_COLOR: '1' },
  });
  const warnings = (stdout + stderr).match(/\[WARNING\].*/g) ?? [];
  if (status !== 0) throw new Error(`wrangler ${args.join(' ')}:\n${stdout}${stderr}`);
  for (const warning of warnings) console.error(warning);
  return warnings.length;
}

/** Milliseconds of a CPU profile during which the thread was busy. */
function activeMs({ nodes, samples, timeDeltas }: CpuProfile): number {
  const idle = new Set(
    nodes.filter(({ callFrame }) => callFrame.functionName === '(idle)').map(({ id }) => id),
  );
  return timeDeltas.reduce((sum, delta, i) => sum + (idle.has(samples[i] as number) ? 0 : delta / 1000), 0);
}

interface CpuProfile {
  nodes: { id: number; callFrame: { functionName: string } }[];
  samples: number[];
  /** Microseconds. */
  timeDeltas: number[];
}
