import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';

const file = new URL('../../SECURITY.md', import.meta.url);

/**
 * Writes a result into the table of SECURITY.md, in place of the command's last one.
 *
 * @param command - as the first column has it.
 */
export function record(command: string, result: string): void {
  const date = new Date().toISOString().slice(0, 10);
  const row = `| \`${command}\` | ${result} | ${date}, ${cpus().length} cores |`;
  const lines = readFileSync(file, 'utf8').split('\n');
  const at = lines.findIndex((line) => line.startsWith(`| \`${command}\` `));
  if (at < 0) throw new Error(`Expected a row of SECURITY.md for ${command}, found none`);
  writeFileSync(file, lines.with(at, row).join('\n'));
  spawnSync('biome', ['format', '--write', fileURLToPath(file)], { stdio: 'inherit' });
}
