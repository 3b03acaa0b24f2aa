import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { makeReference } from '../../../scripts/build/reference/reference.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));

test('docs/reference is what the types say: npm run build -- reference', async () => {
  const written: Record<string, string> = {};
  for (const name of await readdir(`${root}docs/reference`))
    written[name] = await readFile(`${root}docs/reference/${name}`, 'utf8');
  const made = await makeReference(root);
  expect(written).toEqual(made);
  for (const name of ['createClient', 'UnlabelError', 'RateLimitedError', 'VectorCollection'])
    expect(made['client.md']).toContain(`\n## ${name}\n`);
  expect(made['local.md']).toContain('\n## createLocalEngine\n');
  expect(made['server.md']).toContain('\n## createApp\n');
});
