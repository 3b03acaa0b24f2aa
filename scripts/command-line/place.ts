import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { buildAssets, fail } from '../harness/command.ts';

/** Commands are published as JavaScript, and run from their sources in the repository. */
const isPublished = !import.meta.url.endsWith('.ts');

/** How a person types a command: `npm run keys -- add` in the repository, `npx unlabel-server keys add` elsewhere. */
export function typed(name: string, args = ''): string {
  if (isPublished) return `npx unlabel-server ${name} ${args}`.trimEnd();
  return args === '' ? `npm run ${name}` : `npm run ${name} -- ${args}`;
}

/** Builds the assets of the repository; `unlabel-server` brings its own. */
export function prepareAssets(): void {
  if (!isPublished) buildAssets();
}

/** The configuration that wrangler takes in this folder where it is told none. */
export function defaultConfig(): string {
  const names = ['wrangler.json', 'wrangler.jsonc', 'wrangler.toml'];
  return names.find((name) => existsSync(name)) ?? 'wrangler.toml';
}

/** What starts the wrangler of this project: program and first arguments. Exits with 2 where none is installed. */
export function wrangler(): [program: string, script: string] {
  return [process.execPath, join(dirname(installed('wrangler/package.json')), 'bin/wrangler.js')];
}

/** Reads a configuration as wrangler does. */
export async function readConfig(config: string) {
  const module: typeof import('wrangler') = await import(installed('wrangler'));
  return module.unstable_readConfig({ config, env: '' }, { hideWarnings: true });
}

/** Path of a module as this project has it: `npx` may run the command from elsewhere. */
function installed(name: string): string {
  try {
    return createRequire(resolve('package.json')).resolve(name);
  } catch {
    fail('Expected wrangler in this project, found none: npm install --save-dev wrangler');
  }
}
