import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../', import.meta.url));

function npm(folder: string, ...args: string[]): string {
  return execFileSync('npm', [...args, '--no-audit', '--no-fund'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'inherit'],
  }).toString();
}

/** Packs both packages as they are built. @returns the paths of the archives, by name. */
export function pack(folder: string): Record<string, string> {
  const names = ['unlabel', 'unlabel-server'];
  return Object.fromEntries(
    names.map((name) => {
      const [packed] = JSON.parse(npm(folder, 'pack', join(root, 'dist/packages', name), '--json'));
      console.log(
        `${packed.filename}: ${(packed.size / 1e6).toFixed(2)} MB packed, ${(packed.unpackedSize / 1e6).toFixed(2)} MB unpacked, ${packed.entryCount} files`,
      );
      return [name, join(folder, packed.filename)];
    }),
  );
}

/** Installs what a project's package.json asks for, with the packed packages in place of those of the registry. */
export function install(folder: string, packed: Record<string, string>): void {
  const file = join(folder, 'package.json');
  if (!existsSync(file)) return;
  const manifest: { dependencies: Record<string, string> } = JSON.parse(readFileSync(file, 'utf8'));
  for (const name of Object.keys(manifest.dependencies)) {
    const archive = packed[name];
    if (archive) manifest.dependencies[name] = `file:${archive}`;
  }
  writeFileSync(file, JSON.stringify(manifest));
  npm(folder, 'install', '--prefer-offline', '--loglevel', 'error');
}

/** Runs a program in a project, with the tools that it has installed. @returns what it wrote. */
export function run(folder: string, env: Record<string, string>, tool: string, ...args: string[]): string {
  return execFileSync(tool, args, {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...toolsOf(folder), ...env },
  }).toString();
}

/** The environment in which a project finds the tools that it has installed. */
export function toolsOf(folder: string): NodeJS.ProcessEnv {
  return { ...process.env, PATH: `${join(folder, 'node_modules/.bin')}:${process.env.PATH}` };
}
