import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../', import.meta.url));

function npm(folder: string, ...args: string[]): string {
  return execFileSync('npm', [...args, '--no-audit', '--no-fund'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'inherit'],
  }).toString();
}

/** Packs the package as it is built. @returns the path of the archive. */
export function pack(folder: string): string {
  // `prepack` would build the package anew: the build is checked beside.
  const [packed] = JSON.parse(npm(folder, 'pack', root, '--json', '--ignore-scripts'));
  console.log(`${packed.filename}: ${(packed.size / 1e6).toFixed(1)} MB packed, ${packed.entryCount} files`);
  return join(folder, packed.filename);
}

/** Installs the package and what the project's own package.json asks for, where it has one. */
export function install(folder: string, packed: string): void {
  if (existsSync(join(folder, 'package.json'))) npm(folder, 'install', '--prefer-offline', packed);
}

/** Runs a program in a project, with the tools that it has installed. @returns what it wrote. */
export function run(folder: string, env: Record<string, string>, tool: string, ...args: string[]): string {
  const bin = join(folder, 'node_modules/.bin');
  return execFileSync(tool, args, {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, PATH: `${bin}:${process.env.PATH}`, ...env },
  }).toString();
}
