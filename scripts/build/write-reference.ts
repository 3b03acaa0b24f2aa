/** Writes the reference of what the packages export, `docs/reference`. See `--help`. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseCommand } from '../harness/command.ts';
import { makeReference } from './reference/reference.ts';

parseCommand(
  `Usage: npm run build -- reference

Writes docs/reference, what the packages export, of the types and their comments. A test compares the two.`,
  {},
);
const root = fileURLToPath(new URL('../../', import.meta.url));
const folder = join(root, 'docs/reference');
const pages = await makeReference(root);
await rm(folder, { recursive: true, force: true });
await mkdir(folder);
for (const [name, text] of Object.entries(pages)) await writeFile(join(folder, name), text);
console.log(`docs/reference: ${Object.keys(pages).join(', ')}`);
