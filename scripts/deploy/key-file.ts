import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fail } from '../harness/command.ts';

/**
 * Where a project keeps the entries of `API_KEY_HASHES`, in wrangler's format of secrets files: one file for each Worker,
 * so that no key of one opens another.
 *
 * @param env - environment of the configuration; empty for the top level.
 */
export function keyFileOf(env: string): string {
  if (!/^[\w-]*$/.test(env)) fail(`--env: expected letters, digits, _ and -, got ${JSON.stringify(env)}`);
  return env === '' ? '.keys.json' : `.${env}.keys.json`;
}

/** Stands for a list without keys: an upload of it replaces the keys of a Worker, where an empty secret might be dropped. */
const noKeys = 'none';

/** Reads entries, each a key's digest and what it may do; none when there is no file. Exits with 2 for another file. */
export function readEntries(file: string): string[] {
  if (!existsSync(file)) return [];
  const entries = parse(readFileSync(file, 'utf8'));
  // Wrangler would upload any other member too, and would read what is no JSON as a list of variables.
  if (!entries?.length)
    fail(
      `${file}: expected {"API_KEY_HASHES": "..."} with a list of keys and nothing else. Move it away, and make keys anew`,
    );
  return entries.filter((entry) => entry !== noKeys);
}

/** Writes entries into a file that nobody but its owner may read, whatever it was before. */
export function writeEntries(file: string, entries: string[]): void {
  restrict(file);
  const text = JSON.stringify({ API_KEY_HASHES: entries.join(' ') || noKeys });
  writeFileSync(file, `${text}\n`, { mode: 0o600 });
}

/** Lets nobody but its owner read the file, where there is one. */
export function restrict(file: string): void {
  if (existsSync(file)) chmodSync(file, 0o600);
}

function parse(text: string): string[] | undefined {
  try {
    const { API_KEY_HASHES, ...others } = JSON.parse(text);
    if (typeof API_KEY_HASHES === 'string' && Object.keys(others).length === 0)
      return API_KEY_HASHES.split(/\s+/).filter(Boolean);
  } catch {}
  return undefined;
}
