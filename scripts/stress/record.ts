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
  const row = `| \`${command}\` | ${result} | ${measured()} |`;
  const lines = readFileSync(file, 'utf8').split('\n');
  const at = lines.findIndex((line) => line.startsWith(`| \`${command}\` `));
  if (at < 0) throw new Error(`Expected a row of SECURITY.md for ${command}, found none`);
  write(lines.with(at, row).join('\n'));
}

/**
 * Writes a table of SECURITY.md anew: the one after the line that begins with its command.
 *
 * @param rows - the first is the head.
 */
export function recordTable(command: string, [head = [], ...rows]: string[][]): void {
  const line = (cells: string[]) => `| ${cells.join(' | ')} |`;
  const table = [line(head), line(head.map((_, i) => (i < 2 ? '---' : '---:'))), ...rows.map(line)].join(
    '\n',
  );
  const text = readFileSync(file, 'utf8');
  const place = new RegExp(`(\\n\`${command}\`, )[^\\n]*(:\\n\\n)\\|.*?\\n(?=\\n)`, 's');
  if (!place.test(text)) throw new Error(`Expected a table of SECURITY.md for ${command}, found none`);
  write(text.replace(place, (_, start, end) => `${start}${measured()}${end}${table}\n`));
}

function measured(): string {
  return `${new Date().toISOString().slice(0, 10)}, ${cpus().length} cores`;
}

function write(text: string): void {
  writeFileSync(file, text);
  spawnSync('biome', ['format', '--write', fileURLToPath(file)], { stdio: 'inherit' });
}
