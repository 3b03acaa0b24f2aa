/**
 * Classes of one's own, neighbors and vectors, on each implementation: the same examples give the same answers to the
 * bit, whoever keeps them.
 */
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { drawPng } from '../../scripts/harness/inputs/draw-png.ts';
import type { Manifest } from '../../src/contract/manifest.ts';
import { type Client, createClient } from '../../src/index.ts';
import { base64, type Site, startSite } from '../browser/site.ts';
import { type EngineName, engineNames, openRealm, startEngine } from './engines.ts';
import type { Realm } from './process.ts';

const shipped = new URL('../../model/cifar10/manifest.json', import.meta.url);
const manifest: Manifest = JSON.parse(await readFile(shipped, 'utf8'));
const threshold = manifest.confidence?.unknown?.score as number;

const shots = 5;
const labels = ['stripes', 'dots', '7'];
/** Five pictures of each class, and some of none of them. */
const drawn = Object.fromEntries([
  ['one', drawPng(40, 32, (x, y) => [x * 6, y * 8, 100])],
  ['other', drawPng(32, 50, (x, y) => [250 - x, 20, y * 5])],
  ...Array.from({ length: shots }, (_, i) => [
    [`stripes-${i}`, drawPng(32, 32, (x) => (Math.floor(x / (2 + i)) % 2 ? [230, 230, 230] : [20, 20, 40]))],
    [`dots-${i}`, drawPng(32, 32, (x, y) => ((x * y) % (3 + i) ? [200, 40, 40] : [250, 250, 90]))],
    [`7-${i}`, drawPng(32, 32, (x, y) => [10 * i, 4 * x, 255 - 4 * y])],
  ]).flat(),
]) as Record<string, Buffer>;
const files = {
  broken: base64((drawn.one as Buffer).subarray(0, 60)),
  ...Object.fromEntries(Object.entries(drawn).map(([name, bytes]) => [name, base64(bytes)])),
};
const picture = (name: string) => drawn[name] as Buffer<ArrayBuffer>;

let site: Site;
/** What the service answers to a program outside of a page. */
let client: Client;
beforeAll(async () => {
  site = await startSite();
  client = createClient({ url: site.hosted.url, model: 'cifar10' });
  await client.classes.create(
    'reference',
    Object.fromEntries(
      labels.map((label) => [label, Array.from({ length: shots }, (_, i) => picture(`${label}-${i}`))]),
    ),
  );
});
afterAll(() => site?.stop());

/** An answer without what may differ: who gave it. */
function plain<Answer extends object>(answer: Answer): Omit<Answer, 'source'> {
  const { source, ...rest } = answer as Answer & { source: string };
  return rest;
}

describe.each(engineNames)('%s', (name: EngineName) => {
  let page: Realm;
  beforeAll(async () => {
    page = await openRealm(site, name);
    await startEngine(page, name, site.hosted.url, files);
    await page.evaluate(
      async ({ labels, shots }) => {
        const examples = labels.map((label) => [
          label,
          Array.from({ length: shots }, (_, i) => pictures[`${label}-${i}`] as Uint8Array<ArrayBuffer>),
        ]);
        await tested.classes.create('mine', Object.fromEntries(examples));
      },
      { labels, shots },
    );
  });
  afterAll(() => page?.close());

  const failureOf = async (call: () => Promise<unknown>) => {
    const failure = await page.evaluate(
      // biome-ignore lint/security/noGlobalEval: a function of this test
      async (call) => unlabel.failureOf((eval(`(${call})`) as () => Promise<unknown>)()),
      `${call}`,
    );
    return failure && { code: failure.code, field: failure.field };
  };

  test('classes: the same answer as the service for the same pictures, to the bit', async () => {
    const [single, list] = await page.evaluate(async () => {
      const { one = new Uint8Array(), other = new Uint8Array() } = pictures;
      return [
        await tested.classify(one, { classes: 'mine' }),
        await tested.classify([other, one], { classes: 'mine', topK: 2 }),
      ];
    });
    const expected = await client.classify(picture('one'), { classes: 'reference' });
    expect(expected.predictions).toHaveLength(3);
    expect(plain(single)).toEqual(plain(expected));
    const ofOther = await client.classify(picture('other'), { classes: 'reference', topK: 2 });
    expect(list.map(plain)).toEqual([
      plain(ofOther),
      { ...plain(expected), predictions: expected.predictions.slice(0, 2) },
    ]);
  });

  test('classes: an example is known, and a picture of something else is not', async () => {
    const [example, stranger, lenient] = await page.evaluate(async () => [
      await tested.classify(pictures['dots-2'] as Uint8Array<ArrayBuffer>, { classes: 'mine' }),
      await tested.classify(pictures.one, { classes: 'mine', minScore: 1 }),
      await tested.classify(pictures.one, { classes: 'mine', minScore: -1 }),
    ]);
    expect(example.predictions[0]?.label).toBe('dots');
    expect(example.similarity).toBeGreaterThan(0);
    expect(stranger.unknown).toBe(true);
    expect(lenient).toEqual({ ...stranger, unknown: false });
  });

  test('classes: some labels only, with the scores that they have among all', async () => {
    const [all, some] = await page.evaluate(async () => [
      await tested.classify(pictures.one, { classes: 'mine' }),
      await tested.classify(pictures.one, { classes: 'mine', labels: ['7', 'dots'] }),
    ]);
    expect(some.predictions).toEqual(all.predictions.filter(({ label }) => label !== 'stripes'));
    const expected = await client.classify(picture('one'), { classes: 'reference', labels: ['7', 'dots'] });
    expect(plain(some)).toEqual(plain(expected));
  });

  test('classes: listed, read and deleted', async () => {
    const [set, list, gone] = await page.evaluate(async () => {
      await tested.classes.create('short', { only: [pictures.one, pictures.other] });
      const list = await tested.classes.list();
      await tested.classes.delete('short');
      await tested.classes.delete('short');
      return [
        await tested.classes.get('mine'),
        list.map(({ name }) => name),
        await unlabel.failureOf(tested.classify(pictures.one, { classes: 'short' })),
      ] as const;
    });
    const { name, model } = await client.classes.get('reference');
    expect(name).toBe('reference');
    // Labels that look like numbers come first, as in every object.
    expect(set).toEqual({
      name: 'mine',
      model,
      classes: ['7', 'stripes', 'dots'].map((label) => ({ label, count: shots })),
    });
    expect(list.filter((listed) => listed !== 'reference')).toEqual(['mine', 'short']);
    expect(gone?.code).toBe('classes_not_found');
  });

  test('neighbors: the same votes as the service in the gallery, and in a namespace of one’s own', async () => {
    const [gallery, one, some] = await page.evaluate(async () => {
      await tested.vectors.upsert(
        ['stripes', 'dots', '7'].flatMap((label) =>
          [0, 1, 2].map((i) => ({
            id: `${label}-${i}`,
            vector: pictures[`${label}-${i}`] as Uint8Array<ArrayBuffer>,
            metadata: { label },
          })),
        ),
        { namespace: 'votes' },
      );
      const method = 'neighbors';
      return [
        await tested.classify([pictures.one, pictures.other], { method, topK: 1000 }),
        await tested.classify(pictures['dots-3'] as Uint8Array<ArrayBuffer>, {
          method,
          namespace: 'votes',
          k: 4,
        }),
        await tested.classify(pictures.one, { method, labels: ['ship', 'truck'], minScore: 0.99 }),
      ] as const;
    });
    const options = { method: 'neighbors', topK: 1000 } as const;
    const expected = await client.classify([picture('one'), picture('other')], options);
    expect(gallery.map(plain)).toEqual(expected.map(plain));
    expect(gallery[0]?.unknown).toBeTypeOf('boolean');
    expect(one.predictions[0]?.label).toBe('dots');
    // Nothing is known of how near the neighbors of a namespace should be.
    expect(one).not.toHaveProperty('unknown');
    expect(some.unknown).toBe(true);
    expect(some.predictions.every(({ label }) => /ship|truck/.test(label))).toBe(true);
  });

  test('network: unknown below minScore, and for labels that it does not see', async () => {
    const [all, none, some] = await page.evaluate(async () => [
      await tested.classify(pictures.one, { topK: 1000 }),
      await tested.classify(pictures.one, { minScore: 1, topK: 1000 }),
      await tested.classify(pictures.one, { labels: ['ship', 'cat'], topK: 1000 }),
    ]);
    expect(all.unknown).toBe((all.predictions[0]?.score as number) < threshold);
    expect(none).toEqual({ ...all, unknown: true });
    expect(some.predictions).toEqual(all.predictions.filter(({ label }) => /^(ship|cat)$/.test(label)));
    const expected = await client.classify(picture('one'), { labels: ['ship', 'cat'], topK: 1000 });
    expect(plain(some)).toEqual(plain(expected));
  });

  test('vectors: written, read, searched, filtered, deleted and cleared', async () => {
    const answers = await page.evaluate(async () => {
      const namespace = 'shelf';
      const { embedding, model } = await tested.embed(pictures.other);
      await tested.vectors.upsert(
        [
          { id: 'b', vector: pictures.one, metadata: { kind: 'x', year: 2020 } },
          { id: 'a', vector: { embedding, model }, metadata: { kind: 'y' } },
          { id: 'é', vector: [...embedding].map((value, i) => value + (i % 3) * 0.05) },
        ],
        { namespace },
      );
      await tested.vectors.upsert([{ id: 'b', vector: pictures.one, metadata: { kind: 'z', year: 2024 } }], {
        namespace,
      });
      const listed = [];
      for await (const item of tested.vectors.list({ namespace })) listed.push(item);
      const stored = await tested.vectors.get('a', { namespace });
      const found = {
        listed,
        count: await tested.vectors.count({ namespace }),
        isSame: stored.embedding.every((value, i) => value === embedding[i]),
        stored: { ...stored, embedding: 0 },
        byImage: (await tested.search(pictures.one, { namespace })).matches,
        byId: (await tested.search({ id: 'a' }, { namespace })).matches,
        filtered: (await tested.search(pictures.other, { namespace, filter: { year: { gt: 2022 } } }))
          .matches,
        near: (await tested.search(pictures.one, { namespace, minScore: 0.999 })).matches,
      };
      await tested.vectors.delete('a', { namespace });
      await tested.vectors.delete('a', { namespace });
      const left = await tested.vectors.count({ namespace });
      await tested.vectors.clear({ namespace });
      return { ...found, left, cleared: await tested.vectors.count({ namespace }) };
    });
    const { model } = await client.embed(picture('one'));
    expect(answers).toMatchObject({
      listed: [
        { id: 'a', metadata: { kind: 'y' } },
        { id: 'b', metadata: { kind: 'z', year: 2024 } },
        { id: 'é', metadata: {} },
      ],
      count: 3,
      isSame: true,
      stored: { id: 'a', namespace: 'shelf', model, metadata: { kind: 'y' }, dimensions: 128 },
      filtered: [{ id: 'b' }],
      near: [{ id: 'b' }],
      left: 2,
      cleared: 0,
    });
    expect(answers.byImage.map(({ id }) => id)).toContain('b');
    expect(answers.byId.map(({ id }) => id)).not.toContain('a');
    const namespace = `check-${engineNames.indexOf(name)}`;
    await client.vectors.upsert([{ id: 'b', vector: picture('one') }], { namespace });
    const [match] = (await client.search(picture('one'), { namespace })).matches;
    expect(answers.byImage[0]?.score).toBe(match?.score);
  });

  test('vectors: counted, listed and deleted by filter, metadata changed alone, and namespaces listed', async () => {
    const answers = await page.evaluate(async () => {
      const namespace = 'upkeep';
      const { embedding, model } = await tested.embed(pictures.one);
      const items = Array.from({ length: 12 }, (_, i) => ({
        id: `v${String(i).padStart(2, '0')}`,
        vector: { embedding, model },
        metadata: { n: i, ...(i % 2 && { odd: true }) },
      }));
      await tested.vectors.upsert(items, { namespace });
      const listed = [];
      const filter = { odd: { exists: false }, or: [{ n: { lt: 3 } }, { n: 8 }] };
      for await (const { id } of tested.vectors.list({ namespace, filter })) listed.push(id);
      const patch = { metadata: { odd: null, label: 'cat' } };
      const given = tested.vectors.update('v03', patch, { namespace });
      patch.metadata.label = 'changed since';
      const updated = await given;
      const after = await tested.vectors.get('v03', { namespace });
      const namespaces = [];
      for await (const item of tested.vectors.namespaces()) namespaces.push(item);
      const found = {
        listed,
        updated,
        stored: after.metadata,
        isSame: after.embedding.every((value, i) => value === embedding[i]),
        counted: await tested.vectors.count({ namespace, filter: { label: 'cat' } }),
        space: namespaces.find(({ name }) => name === namespace),
        sorted: namespaces.map(({ name }) => name),
        deleted: await tested.vectors.deleteWhere({ n: { gte: 4 } }, { namespace }),
        again: await tested.vectors.deleteWhere({ n: { gte: 4 } }, { namespace }),
        left: await tested.vectors.count({ namespace }),
      };
      await tested.vectors.deleteWhere({ n: { exists: true } }, { namespace });
      const names = [];
      for await (const { name } of tested.vectors.namespaces()) names.push(name);
      return { ...found, isListed: names.includes(namespace) };
    });
    const { model } = await client.embed(picture('one'));
    const { sorted, ...found } = answers;
    expect(found).toEqual({
      listed: ['v00', 'v02', 'v08'],
      updated: { n: 3, label: 'cat' },
      stored: { n: 3, label: 'cat' },
      isSame: true,
      counted: 1,
      space: { name: 'upkeep', model, count: 12 },
      deleted: 8,
      again: 0,
      left: 4,
      isListed: false,
    });
    expect(sorted).toEqual([...sorted].sort());
  });

  test('vectors: of writes at once none is lost, and none brings back what another one deletes', async () => {
    const answers = await page.evaluate(async () => {
      const namespace = 'race';
      const put = () =>
        tested.vectors.upsert([{ id: 'a', vector: Array(128).fill(1), metadata: { n: 1 } }], { namespace });
      const update = () => tested.vectors.update('a', { metadata: { n: 2 } }, { namespace });
      /** Whether the vector is there after an update and another write, which began together. */
      const against = async (other: () => Promise<unknown>) => {
        await put();
        const [updated, ended] = await Promise.allSettled([update(), other()]);
        return [updated.status, ended, await tested.vectors.count({ namespace })] as const;
      };
      await put();
      await Promise.all(
        Array.from({ length: 8 }, (_, i) =>
          tested.vectors.update('a', { metadata: { [`key${i}`]: i } }, { namespace }),
        ),
      );
      return {
        keys: Object.keys((await tested.vectors.get('a', { namespace })).metadata).toSorted(),
        deleted: await against(() => tested.vectors.delete('a', { namespace })),
        cleared: await against(() => tested.vectors.clear({ namespace })),
        filtered: await against(() => tested.vectors.deleteWhere({ n: 1 }, { namespace })),
      };
    });
    expect(answers.keys).toEqual([...Array.from({ length: 8 }, (_, i) => `key${i}`), 'n']);
    expect(answers.deleted[2]).toBe(0);
    expect(answers.cleared[2]).toBe(0);
    // Whichever comes first, the other one finds nothing.
    const [updated, ended, left] = answers.filtered;
    expect([updated, left]).toEqual(
      ended.status === 'fulfilled' && ended.value === 0 ? ['fulfilled', 1] : ['rejected', 0],
    );
  });

  test('vectors: pairs that are nearly the same, each once', async () => {
    const pairs = await page.evaluate(async () => {
      const namespace = 'copies';
      const { embedding, model } = await tested.embed(pictures.one);
      const near = embedding.map((value, i) => value + (i % 9 === 0 ? 0.02 : 0));
      const far = embedding.map((value, i) => (i % 2 ? value : -value));
      const items = Array.from({ length: 20 }, (_, i) => ({
        id: `far-${i}`,
        vector: far.map((value, at) => (at % 20 === i ? value + 2 : value)),
        metadata: { far: true },
      }));
      await tested.vectors.upsert(
        [
          { id: 'a', vector: { embedding, model } },
          { id: 'é', vector: { embedding, model } },
          { id: 'b', vector: near, metadata: { near: true } },
          ...items,
        ],
        { namespace },
      );
      const found = [];
      for await (const pair of tested.vectors.duplicates({ namespace, minScore: 0.95 })) found.push(pair);
      const copies = [];
      for await (const pair of tested.vectors.duplicates({
        namespace,
        minScore: 0.95,
        filter: { near: { exists: false } },
      }))
        copies.push(pair);
      return { found, copies };
    });
    expect(pairs.found.map(({ id, other }) => [id, other].sort().join())).toEqual(['a,é', 'a,b', 'b,é']);
    expect(pairs.found[0]?.score).toBe(1);
    expect(pairs.copies).toEqual([{ id: 'a', other: 'é', score: 1 }]);
  });

  test('vectors: embedded anew into another namespace, which goes on where it stopped', async () => {
    const answers = await page.evaluate(async () => {
      const ids = Array.from({ length: 40 }, (_, i) => `r${String(i).padStart(2, '0')}`);
      const { embedding, model } = await tested.embed(pictures.other);
      const items = ids.map((id, n) => ({ id, vector: { embedding, model }, metadata: { n } }));
      await tested.vectors.upsert(items, { namespace: 'old' });
      const image = async ({ id, metadata }: { id: string; metadata: Record<string, unknown> }) =>
        id === 'r05' ? undefined : metadata.n === 7 ? pictures.broken : pictures.one;
      const seen: number[] = [];
      const failing = tested.vectors.reembed('old', {
        to: 'new',
        onProgress: ({ done }) => void seen.push(done),
        image(item) {
          if (item.id === 'r36') throw new Error('cut off');
          return image(item);
        },
      });
      const reason = await failing.catch(({ message }) => message);
      const begun = await tested.vectors.count({ namespace: 'new' });
      const { failed, ...rest } = await tested.vectors.reembed('old', {
        to: 'new',
        image,
        onProgress: ({ done, total }) => void seen.push(done, total),
      });
      const found = await tested.search(pictures.one, { namespace: 'new', topK: 1 });
      return {
        seen,
        reason,
        begun,
        failed: failed.map(({ id, error }) => [id, error.code]),
        ...rest,
        count: await tested.vectors.count({ namespace: 'new', filter: { n: { gte: 0 } } }),
        best: found.matches[0]?.score,
      };
    });
    expect(answers).toEqual({
      seen: [33, 40, 40],
      reason: 'cut off',
      begun: 31,
      failed: [['r07', 'invalid_image']],
      leftOut: ['r05'],
      written: 7,
      count: 38,
      best: expect.closeTo(1, 4),
    });
  });

  test.each([
    [
      'a namespace embedded into itself',
      () => tested.vectors.reembed('old', { to: 'old', image: () => undefined }),
      'invalid_parameter',
      'to',
    ],
    [
      'a deletion by no condition, which would delete everything',
      () => tested.vectors.deleteWhere({}),
      'invalid_parameter',
      'filter',
    ],
    [
      'a deletion by an undefined condition',
      () => tested.vectors.deleteWhere({ label: undefined } as never),
      'invalid_parameter',
      'filter.label',
    ],
    [
      'a change of a vector that there is not',
      () => tested.vectors.update('none', { metadata: { a: 1 } }),
      'vector_not_found',
      'id',
    ],
    [
      'a set that there is not',
      () => tested.classify(pictures.one, { classes: 'none' }),
      'classes_not_found',
      undefined,
    ],
    [
      'classes and neighbors at once',
      () => tested.classify(pictures.one, { classes: 'mine', method: 'neighbors' } as never),
      'invalid_parameter',
      'classes',
    ],
    [
      'another method',
      () => tested.classify(pictures.one, { method: 'guess' } as never),
      'invalid_parameter',
      'method',
    ],
    ['k 0', () => tested.classify(pictures.one, { method: 'neighbors', k: 0 }), 'invalid_parameter', 'k'],
    ['minScore 2', () => tested.classify(pictures.one, { minScore: 2 }), 'invalid_parameter', 'minScore'],
    [
      'minScore 2 of a search',
      () => tested.search(pictures.one, { minScore: 2 }),
      'invalid_parameter',
      'minScore',
    ],
    ['no labels', () => tested.classify(pictures.one, { labels: [] }), 'invalid_parameter', 'labels'],
    [
      'a label of no class',
      () => tested.classify(pictures.one, { labels: ['ship', 'zebra'] }),
      'invalid_parameter',
      'labels',
    ],
    [
      'a label that the set does not have',
      () => tested.classify(pictures.one, { classes: 'mine', labels: ['zebra'] }),
      'invalid_parameter',
      'labels',
    ],
    [
      'the name of a set',
      () => tested.classes.create('../mine', { a: [pictures.one] }),
      'invalid_parameter',
      'name',
    ],
    [
      'a broken picture of a class',
      () => tested.classes.create('bad', { a: [pictures.one, pictures.broken] }),
      'invalid_image',
      'pictures.a[1]',
    ],
    [
      'vectors that cancel each other out',
      () => tested.classes.create('bad', { a: [Array(128).fill(1), Array(128).fill(-1)] }),
      'invalid_parameter',
      'pictures.a',
    ],
    [
      'a vector of zeros in a class',
      () => tested.classes.create('bad', { a: [Array(128).fill(0)] }),
      'invalid_parameter',
      'pictures.a[0].vector',
    ],
    [
      'an example of another model',
      () =>
        tested.classes.create('bad', {
          a: [
            pictures.one,
            { embedding: new Float32Array(128).fill(1), model: { name: 'cifar10', version: '0.0.1' } },
          ],
        }),
      'model_mismatch',
      undefined,
    ],
    ['an unknown set', () => tested.classes.get('none'), 'classes_not_found', undefined],
    [
      'a write to the gallery',
      () => tested.vectors.upsert([{ id: 'a', vector: pictures.one }], { namespace: 'gallery' }),
      'invalid_parameter',
      'namespace',
    ],
    [
      'the id of a vector',
      () =>
        tested.vectors.upsert([
          { id: 'a', vector: pictures.one },
          { id: '..', vector: pictures.one },
        ]),
      'invalid_parameter',
      'items[1].id',
    ],
    [
      'an id twice',
      () =>
        tested.vectors.upsert([
          { id: 'a', vector: pictures.one },
          { id: 'a', vector: pictures.one },
        ]),
      'invalid_parameter',
      'items[1].id',
    ],
    [
      'metadata of other keys',
      () => tested.vectors.upsert([{ id: 'a', vector: pictures.one, metadata: { '1a': 1 } }]),
      'invalid_parameter',
      undefined,
    ],
    [
      'a broken picture to store',
      () =>
        tested.vectors.upsert([
          { id: 'a', vector: pictures.one },
          { id: 'b', vector: pictures.broken },
        ]),
      'invalid_image',
      'items[1].vector',
    ],
    [
      'a vector of another length',
      () => tested.vectors.upsert([{ id: 'a', vector: [1, 2, 3] }]),
      'model_mismatch',
      undefined,
    ],
    [
      'an unknown vector',
      () => tested.vectors.get('nobody', { namespace: 'nowhere' }),
      'vector_not_found',
      undefined,
    ],
    [
      'the name of a namespace',
      () => tested.vectors.count({ namespace: 'a b' }),
      'invalid_parameter',
      'namespace',
    ],
  ] as [string, () => Promise<unknown>, string, string | undefined][])(
    'error: %s',
    async (_, call, code, field) => {
      const failure = await failureOf(call);
      expect(failure?.code).toBe(code);
      if (field) expect(failure?.field).toBe(field);
    },
  );
});
