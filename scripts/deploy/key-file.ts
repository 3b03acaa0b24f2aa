import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Where this machine keeps the entries of `API_KEY_HASHES`, in wrangler's format of secrets files. */
export const keyFile = fileURLToPath(new URL('../../.keys.json', import.meta.url));

/** Reads entries, each a key's digest and what it may do; none when there is no file. */
export function readEntries(file: string): string[] {
  if (!existsSync(file)) return [];
  const { API_KEY_HASHES = '' } = JSON.parse(readFileSync(file, 'utf8')) as { API_KEY_HASHES?: string };
  return API_KEY_HASHES.split(/\s+/).filter(Boolean);
}

export function writeEntries(file: string, entries: string[]): void {
  writeFileSync(file, `${JSON.stringify({ API_KEY_HASHES: entries.join(' ') })}\n`, { mode: 0o600 });
}
