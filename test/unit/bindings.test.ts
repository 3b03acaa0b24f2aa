import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { unstable_readConfig as readConfig } from 'wrangler';

const read = (path: string) => readFile(new URL(`../../${path}`, import.meta.url), 'utf8');

test('docs/deploying.md has a row for everything that the Worker finds in its environment', async () => {
  const source = await read('src/server/platform.ts');
  const [bindings = ''] = /interface Bindings \{.*?\n\}/s.exec(source) ?? [];
  const known = Array.from(bindings.matchAll(/^ {2}([A-Z_]+)\??:/gm), ([, name]) => name);
  const rows = Array.from(
    (await read('docs/deploying.md')).matchAll(/^\| `([A-Z_]+)` +\|/gm),
    ([, name]) => name,
  );
  expect(known).toContain('API_KEY_HASHES');
  expect(rows.toSorted()).toEqual(known.toSorted());

  const { assets, vars, durable_objects, ratelimits } = readConfig(
    { config: 'wrangler.toml' },
    { hideWarnings: true },
  );
  const bound = [assets?.binding, ...Object.keys(vars)];
  for (const { name } of [...durable_objects.bindings, ...ratelimits]) bound.push(name);
  expect(bound).toHaveLength(6);
  expect(known).toEqual(expect.arrayContaining(bound));
});
