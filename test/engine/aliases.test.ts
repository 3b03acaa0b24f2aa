/** Aliases of namespaces, on each implementation: set anew, every call reads and writes the other namespace at once. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { drawPng } from '../../scripts/harness/inputs/draw-png.ts';
import { base64, type Site, startSite } from '../browser/site.ts';
import { type EngineName, engineNames, openRealm, startEngine } from './engines.ts';
import type { Realm } from './process.ts';

const files = {
  one: base64(drawPng(40, 32, (x, y) => [x * 6, y * 8, 100])),
  other: base64(drawPng(32, 50, (x, y) => [250 - x, 20, y * 5])),
};

let site: Site;
beforeAll(async () => {
  site = await startSite();
});
afterAll(() => site?.stop());

describe.each(engineNames)('%s', (name: EngineName) => {
  let page: Realm;
  beforeAll(async () => {
    page = await openRealm(site, name);
    await startEngine(page, name, site.hosted.url, files);
    await page.evaluate(async () => {
      await tested.vectors.upsert([{ id: 'old', vector: pictures.one, metadata: { label: 'a' } }], {
        namespace: 'v1',
      });
      await tested.vectors.upsert([{ id: 'new', vector: pictures.other, metadata: { label: 'b' } }], {
        namespace: 'v2',
      });
    });
  });
  afterAll(() => page?.close());

  test('readers move from one namespace to another by one call', async () => {
    const answers = await page.evaluate(async () => {
      const namespace = 'shop';
      const read = async () => {
        const { matches } = await tested.search(pictures.one, { namespace });
        const listed = [];
        for await (const { id } of tested.vectors.list({ namespace })) listed.push(id);
        const options = { method: 'neighbors', namespace, k: 1 } as const;
        const { predictions } = await tested.classify(pictures.one, options);
        return [matches.map(({ id }) => id), listed, predictions[0]?.label];
      };
      await tested.vectors.alias('shop', 'v1');
      const before = await read();
      await tested.vectors.alias('shop', 'v2');
      return [before, await read(), (await tested.vectors.get('new', { namespace })).namespace];
    });
    expect(answers).toEqual([[['old'], ['old'], 'a'], [['new'], ['new'], 'b'], 'shop']);
  });

  test('writes go where the alias stands', async () => {
    const answers = await page.evaluate(async () => {
      const namespace = 'pen';
      await tested.vectors.alias('pen', 'ink');
      await tested.vectors.upsert(
        ['a', 'b', 'c'].map((id, n) => ({ id, vector: pictures.one, metadata: { n } })),
        { namespace },
      );
      await tested.vectors.delete('a', { namespace });
      await tested.vectors.update('b', { metadata: { n: 7 } }, { namespace });
      const deleted = await tested.vectors.deleteWhere({ n: 2 }, { namespace });
      const listed = [];
      for await (const item of tested.vectors.list({ namespace: 'ink' })) listed.push(item);
      await tested.vectors.clear({ namespace });
      return [deleted, listed, await tested.vectors.count({ namespace: 'ink' })];
    });
    expect(answers).toEqual([1, [{ id: 'b', metadata: { n: 7 } }], 0]);
  });

  test('listed by name, apart from namespaces, and deleted without the vectors', async () => {
    const answers = await page.evaluate(async () => {
      await tested.vectors.alias('z', 'v1');
      await tested.vectors.alias('a', 'v1');
      const namesOf = async () => {
        const names = [];
        for await (const { name } of tested.vectors.namespaces()) names.push(name);
        return names;
      };
      const listed = (await tested.vectors.aliases()).filter(({ namespace }) => namespace === 'v1');
      const names = await namesOf();
      await tested.vectors.deleteAlias('a');
      await tested.vectors.deleteAlias('a');
      await tested.vectors.deleteAlias('never');
      const left = (await tested.vectors.aliases()).map(({ name }) => name);
      const count = await tested.vectors.count({ namespace: 'a' });
      // The name is free again.
      await tested.vectors.upsert([{ id: 'own', vector: pictures.one }], { namespace: 'a' });
      return {
        listed,
        isApart: !names.includes('a') && !names.includes('z') && names.includes('v1'),
        isLeft: left.includes('z') && !left.includes('a'),
        count,
        after: await tested.vectors.count({ namespace: 'a' }),
        kept: await tested.vectors.count({ namespace: 'v1' }),
        named: (await namesOf()).includes('a'),
      };
    });
    expect(answers).toEqual({
      listed: [
        { name: 'a', namespace: 'v1' },
        { name: 'z', namespace: 'v1' },
      ],
      isApart: true,
      isLeft: true,
      count: 0,
      after: 1,
      kept: 1,
      named: true,
    });
  });

  test('a namespace that was emptied may become an alias', async () => {
    const found = await page.evaluate(async () => {
      const namespace = 'grown';
      await tested.vectors.upsert([{ id: 'x', vector: pictures.one }], { namespace });
      const refused = await unlabel.failureOf(tested.vectors.alias('grown', 'v2'));
      await tested.vectors.clear({ namespace });
      await tested.vectors.alias('grown', 'v2');
      const { matches } = await tested.search(pictures.one, { namespace });
      return [refused?.field, matches.map(({ id }) => id)];
    });
    expect(found).toEqual(['name', ['new']]);
  });

  test.each([
    ['of a name that has vectors', () => tested.vectors.alias('v1', 'v2'), 'name'],
    ['of an alias', () => tested.vectors.alias('second', 'link'), 'namespace'],
    ['of what another alias stands for', () => tested.vectors.alias('empty', 'v1'), 'name'],
    ['of itself', () => tested.vectors.alias('same', 'same'), 'namespace'],
    ['named as the gallery', () => tested.vectors.alias('gallery', 'v1'), 'namespace'],
    ['of the gallery', () => tested.vectors.alias('shown', 'gallery'), 'namespace'],
    ['that is no name', () => tested.vectors.alias('a b', 'v1'), 'name'],
    ['of what is no name', () => tested.vectors.alias('a', '-'), 'namespace'],
  ] as [string, () => Promise<unknown>, string][])('error: an alias %s', async (_, call, field) => {
    const failure = await page.evaluate(async (call) => {
      await tested.vectors.alias('link', 'empty');
      // biome-ignore lint/security/noGlobalEval: a function of this test
      return unlabel.failureOf((eval(`(${call})`) as () => Promise<unknown>)());
    }, `${call}`);
    expect(failure).toMatchObject({ code: 'invalid_parameter', field });
  });
});
