import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleCommandLine } from '../../../scripts/build/packages/command-line.ts';
import { packageManifests } from '../../../scripts/build/packages/manifests.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** An empty folder of a user, with the package `unlabel-server` beside it. */
export interface Project {
  folder: string;
  /** Runs `npx unlabel-server` in it, whatever its exit status. */
  run(args: string[], env?: Record<string, string>): Promise<{ status: number; out: string; err: string }>;
  /** Writes a file of the folder. */
  write(path: string, content: string | Uint8Array): Promise<void>;
  /** Empties the folder, but for the package. */
  clear(): Promise<void>;
  remove(): Promise<void>;
}

/** Installs the package as it is published, but for its dependencies. */
export async function createProject(): Promise<Project> {
  const top = await mkdtemp(join(tmpdir(), 'unlabel-project-'));
  const installed = join(top, 'node_modules/unlabel-server');
  await bundleCommandLine(root, join(installed, 'dist/command-line'));
  await cp(join(root, 'dist/assets'), join(installed, 'dist/assets'), { recursive: true });
  const { server } = await packageManifests(new URL('../../../', import.meta.url));
  await writeFile(join(installed, 'package.json'), JSON.stringify(server));
  await symlink(join(root, 'node_modules/wrangler'), join(top, 'node_modules/wrangler'));
  const folder = join(top, 'project');
  await mkdir(folder);
  return {
    folder,
    run: (args, env = {}) =>
      new Promise((resolve) => {
        const program = join(installed, 'dist/command-line/unlabel-server.js');
        const options = { cwd: folder, env: { ...process.env, WRANGLER_SEND_METRICS: 'false', ...env } };
        const child = execFile(process.execPath, [program, ...args], options, (_, out, err) =>
          resolve({ status: child.exitCode ?? -1, out, err }),
        );
      }),
    async write(path, content) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), content);
    },
    async clear() {
      await rm(folder, { recursive: true });
      await mkdir(folder);
    },
    remove: () => rm(top, { recursive: true }),
  };
}
