/**
 * One suite of the interface `Engine`, run against each implementation in a page: the same call gives the same answer
 * and the same error, whoever answers.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { drawPng } from '../../scripts/harness/inputs/draw-png.ts';
import { type Client, createClient, type Embedding } from '../../src/index.ts';
import type { ImageSource } from '../../src/local.ts';
import { base64, type Site, startSite } from '../browser/site.ts';
import { type EngineName, engineNames, openRealm, startEngine } from './engines.ts';
import type { Realm } from './process.ts';

const one = drawPng(40, 32, (x, y) => [x * 6, y * 8, 100]);
const other = drawPng(32, 50, (x, y) => [250 - x, 20, y * 5]);
const files = { one: base64(one), other: base64(other), broken: base64(one.subarray(0, 60)) };

let site: Site;
/** What the service answers to a program outside of a page. */
let client: Client;
let embedded: Embedding;
beforeAll(async () => {
  site = await startSite();
  client = createClient({ url: site.hosted.url, model: 'cifar10' });
  embedded = await client.embed(one);
  await client.vectors.upsert([
    { id: 'one', vector: one, metadata: { odd: true, place: 1 } },
    { id: 'other', vector: other, metadata: { odd: false, place: 2 } },
    { id: 'half', vector: Array.from(embedded.embedding, (value, i) => (i % 2 ? value : 0.1)) },
  ]);
});
afterAll(() => site?.stop());

/** An answer without what may differ: who gave it. */
function plain<Answer extends object>(answer: Answer): Omit<Answer, 'source'> {
  const { source, ...rest } = answer as Answer & { source: string };
  return rest;
}

describe.each(engineNames)('%s', (name: EngineName) => {
  /** Whether it has elements and canvases. */
  const isPage = name !== 'node';
  let page: Realm;
  beforeAll(async () => {
    page = await openRealm(site, name);
    await startEngine(page, name, site.hosted.url, files);
  });
  afterAll(() => page?.close());

  /** The error of a call in the page, as far as all engines promise it. */
  const failureOf = async (call: () => Promise<unknown>) => {
    const failure = await page.evaluate(
      // biome-ignore lint/security/noGlobalEval: a function of this test
      async (call) => unlabel.failureOf((eval(`(${call})`) as () => Promise<unknown>)()),
      `${call}`,
    );
    return failure && { code: failure.code, field: failure.field };
  };

  test('classify: one image, and many in their order', async () => {
    const [single, list, none] = await page.evaluate(async () => [
      await tested.classify(pictures.one, { topK: 1000 }),
      await tested.classify([pictures.other, pictures.one], { topK: 3 }),
      await tested.classify([]),
    ]);
    const expected = await client.classify(one, { topK: 1000 });
    expect(plain(single)).toEqual(plain(expected));
    const ofOther = await client.classify(other, { topK: 3 });
    expect(list.map(plain)).toEqual([
      plain(ofOther),
      { ...plain(expected), predictions: expected.predictions.slice(0, 3) },
    ]);
    expect(none).toEqual([]);
    expect(single.source).toBe(name === 'hosted' ? 'hosted' : 'local');
  });

  test('classify: five predictions unless told otherwise', async () => {
    expect((await page.evaluate(() => tested.classify(pictures.one))).predictions).toHaveLength(5);
  });

  test('settled: each image has an answer or an error of its own, in order', async () => {
    const outcomes = await page.evaluate(async () => {
      const { one, other, broken } = pictures;
      const images = [broken, one, 'no image' as never, other, broken];
      const brief = (outcomes: PromiseSettledResult<object>[]) =>
        outcomes.map((outcome) =>
          outcome.status === 'fulfilled'
            ? { ...outcome.value, embedding: 0 }
            : { code: outcome.reason.code, isNamed: outcome.reason.message.includes(outcome.reason.field) },
        );
      return {
        classified: brief(await tested.classify(images, { topK: 2, settled: true })),
        embedded: brief(await tested.embed(images, { settled: true })),
        found: brief(await tested.search([broken, one, { id: 'none' }], { topK: 1, settled: true })),
        none: await tested.classify([], { settled: true }),
      };
    });
    const [first, second] = await client.classify([one, other], { topK: 2 });
    const failure = { code: 'invalid_image', isNamed: true };
    const classified = outcomes.classified.map((answer) => ('code' in answer ? answer : plain(answer)));
    const expected = [first, second].map((answer) => ({ ...plain(answer as object), embedding: 0 }));
    expect(classified).toEqual([failure, expected[0], failure, expected[1], failure]);
    expect(outcomes.embedded.map((answer) => Object.keys(answer).includes('dimensions'))).toEqual([
      false,
      true,
      false,
      true,
      false,
    ]);
    expect(outcomes.found).toEqual([
      failure,
      expect.objectContaining({ matches: expect.any(Array) }),
      expect.objectContaining({ code: 'vector_not_found' }),
    ]);
    expect(outcomes.none).toEqual([]);
  });

  test('progress: every image of a list counts once it is done', async () => {
    const progress = await page.evaluate(async () => {
      const { one, other, broken } = pictures;
      const many = Array.from({ length: 20 }, (_, i) => (i % 3 ? one : other));
      const follow = async (call: (onProgress: (progress: object) => void) => Promise<unknown>) => {
        const seen: { done: number; total: number }[] = [];
        const code = await unlabel.failureOf(
          call((progress) => seen.push(progress as (typeof seen)[number])),
        );
        const isRising = seen.every(({ done }, i) => i === 0 || done > (seen[i - 1]?.done ?? 0));
        return [isRising, seen.length > 0, seen.at(-1) ?? 'nothing', code?.code ?? 'answered'];
      };
      return {
        classified: await follow((onProgress) => tested.classify(many, { onProgress })),
        embedded: await follow((onProgress) => tested.embed(many, { onProgress })),
        neighbors: await follow((onProgress) => tested.classify(many, { method: 'neighbors', onProgress })),
        settled: await follow((onProgress) =>
          tested.classify([broken, ...many, broken], { onProgress, settled: true }),
        ),
        none: await follow((onProgress) => tested.embed([], { onProgress })),
        failed: (await follow((onProgress) => tested.classify([broken, ...many], { onProgress }))).at(-1),
      };
    });
    const all = [true, true, { done: 20, total: 20 }, 'answered'];
    expect(progress).toEqual({
      classified: all,
      embedded: all,
      neighbors: all,
      settled: [true, true, { done: 22, total: 22 }, 'answered'],
      none: [true, false, 'nothing', 'answered'],
      failed: 'invalid_image',
    });
  });

  test('what a listener throws rejects the call', async () => {
    const failures = await page.evaluate(async () => {
      const many = Array.from({ length: 20 }, () => pictures.one);
      const onProgress = () => {
        throw new Error('of the caller');
      };
      const calls = [
        () => tested.classify(many, { onProgress }),
        () => tested.embed(many, { onProgress }),
        () => tested.classify(many, { onProgress, settled: true }),
      ];
      return Promise.all(
        calls.map((call) =>
          call().then(
            () => 'answered',
            (error: Error) => error.message,
          ),
        ),
      );
    });
    expect(failures).toEqual(['of the caller', 'of the caller', 'of the caller']);
  });

  test('settled: what is not the fault of an image fails the call', async () => {
    const none = await failureOf(() => tested.classify([pictures.one], { topK: 0, settled: true }));
    expect(none).toEqual({ code: 'invalid_parameter', field: 'topK' });
    const unknown = await failureOf(() =>
      tested.classify([pictures.one], { classes: 'none', settled: true }),
    );
    expect(unknown).toMatchObject({ code: 'classes_not_found' });
  });

  test('embed: the same vector to the bit, of norm 1', async () => {
    const answers = await page.evaluate(async () => {
      const all = [await tested.embed(pictures.one), ...(await tested.embed([pictures.one, pictures.other]))];
      return all.map(({ embedding, ...rest }) => ({ ...rest, embedding: [...embedding] }));
    });
    const expected = [embedded, embedded, await client.embed(other)];
    expect(answers.map(plain)).toEqual(
      expected.map((answer) => ({ ...plain(answer), embedding: [...answer.embedding] })),
    );
    for (const { embedding } of answers) expect(Math.hypot(...embedding)).toBeCloseTo(1, 5);
  });

  test('search: by image, vector, embedding, id, and several of them', async () => {
    const answers = await page.evaluate(async () => {
      const embedded = await tested.embed(pictures.one);
      return [
        await tested.search(pictures.one),
        await tested.search(embedded.embedding),
        await tested.search([...embedded.embedding]),
        await tested.search(embedded),
        await tested.search(Float64Array.from(embedded.embedding)),
        ...(await tested.search([pictures.one, embedded.embedding, pictures.one])),
        await tested.search({ id: 'one' }),
      ];
    });
    const byImage = plain(await client.search(one));
    expect(byImage.matches.map(({ id }) => id).toSorted()).toEqual(['half', 'one', 'other']);
    expect(byImage.matches[0]?.id).toBe('one');
    expect(answers.map(plain)).toEqual([
      ...Array(8).fill(byImage),
      plain(await client.search({ id: 'one' })),
    ]);
  });

  test('search: varied matches, the same whoever answers', async () => {
    const [varied, near] = await page.evaluate(async () => {
      const options = { namespace: 'gallery', topK: 8 } as const;
      return [
        await tested.search(pictures.one, { ...options, diversity: 0.7 }),
        await tested.search(pictures.one, options),
      ];
    });
    const expected = await client.search(one, { namespace: 'gallery', topK: 8, diversity: 0.7 });
    expect(varied?.matches).toEqual(expected.matches);
    expect(varied?.matches[0]).toEqual(near?.matches[0]);
    expect(varied?.matches).not.toEqual(near?.matches);
    const failure = await failureOf(() => tested.search(pictures.one, { diversity: 1.5 }));
    expect(failure).toEqual({ code: 'invalid_parameter', field: 'diversity' });
  });

  test('search: a filter, topK, and a namespace that is empty', async () => {
    const [filtered, first, empty] = await page.evaluate(async () => [
      await tested.search(pictures.one, { filter: { odd: false, place: { gte: 2 } } }),
      await tested.search(pictures.one, { topK: 1 }),
      await tested.search(pictures.one, { namespace: 'nobody' }),
    ]);
    expect(filtered.matches.map(({ id }) => id)).toEqual(['other']);
    expect(first.matches.map(({ id }) => id)).toEqual(['one']);
    expect(empty.matches).toEqual([]);
  });

  test('every kind of file gives the same answer', async () => {
    const answers = await page.evaluate(async () => {
      const padded = new Uint8Array(pictures.one.length + 9);
      padded.set(pictures.one, 4);
      const images = [
        pictures.one,
        padded.subarray(4, -5),
        new DataView(pictures.one.buffer),
        pictures.one.slice().buffer,
        new Blob([pictures.one]),
        new File([pictures.one], 'a.gif'),
      ];
      return (await tested.classify(images, { topK: 1000 })).map(({ predictions }) =>
        JSON.stringify(predictions),
      );
    });
    expect(answers).toHaveLength(6);
    expect(new Set(answers).size).toBe(1);
  });

  test.runIf(isPage)('everything that a page can draw gives the same answer', async () => {
    const labels = await page.evaluate(async () => {
      const blob = new Blob([pictures.one]);
      const bitmap = await createImageBitmap(blob);
      const canvas = Object.assign(document.createElement('canvas'), { width: 40, height: 32 });
      const context = canvas.getContext('2d') as CanvasRenderingContext2D;
      context.drawImage(bitmap, 0, 0);
      const offscreen = new OffscreenCanvas(40, 32);
      offscreen.getContext('2d')?.drawImage(bitmap, 0, 0);
      const img = Object.assign(new Image(), { src: URL.createObjectURL(blob) });
      await img.decode();
      const frame = document.body.appendChild(document.createElement('iframe'));
      const realm = frame.contentWindow as Window & typeof globalThis;
      /** A file of another realm. */
      const foreign = () => new realm.Blob([pictures.one]) as Blob;
      const images = [
        pictures.one,
        foreign(),
        bitmap,
        canvas,
        offscreen,
        img,
        context.getImageData(0, 0, 40, 32),
      ];
      return (await tested.classify(images, { topK: 1000 })).map(({ predictions }) =>
        JSON.stringify(predictions),
      );
    });
    expect(labels).toHaveLength(7);
    expect(new Set(labels).size).toBe(1);
  });

  test.runIf(isPage)('an element that is not loaded is refused', async () => {
    expect(await failureOf(() => tested.classify([new Image()]))).toEqual({
      code: 'invalid_image',
      field: 'images[0]',
    });
  });

  test('images and vectors are those of the moment of the call', async () => {
    const [answers, expected] = await page.evaluate(async () => {
      const { embedding } = await tested.embed(pictures.one);
      const expected = [
        (await tested.classify(pictures.one)).predictions,
        (await tested.search(embedding.slice())).matches,
      ];
      const bytes = Array.from({ length: 12 }, () => pictures.one.slice());
      const list: ImageSource[] = [...bytes];
      const calls = [tested.classify(list), tested.search(embedding)] as const;
      for (const image of bytes) image.fill(0);
      embedding.fill(1);
      list.length = 0;
      const [many, found] = await Promise.all(calls);
      return [
        [...many.map(({ predictions }) => predictions), found.matches],
        [...Array(12).fill(expected[0]), expected[1]],
      ];
    });
    expect(answers).toEqual(expected);
  });

  test.each([
    ['broken bytes', () => tested.classify(pictures.broken), 'invalid_image', 'image'],
    [
      'broken bytes amid a list',
      () => tested.embed([pictures.one, pictures.broken]),
      'invalid_image',
      'images[1]',
    ],
    ['text', () => tested.classify(new Blob(['just words'])), 'unsupported_media_type', 'image'],
    ['no bytes', () => tested.classify(new Uint8Array()), 'invalid_image', 'image'],
    ['what is no image', () => tested.classify([{} as Blob]), 'invalid_image', 'images[0]'],
    ['nothing', () => tested.classify(null as never), 'invalid_image', 'image'],
    ['topK 0', () => tested.classify(pictures.one, { topK: 0 }), 'invalid_parameter', 'topK'],
    ['topK 1001', () => tested.classify(pictures.one, { topK: 1001 }), 'invalid_parameter', 'topK'],
    ['topK 1.5', () => tested.classify(pictures.one, { topK: 1.5 }), 'invalid_parameter', 'topK'],
    ['topK 101 of a search', () => tested.search(pictures.one, { topK: 101 }), 'invalid_parameter', 'topK'],
    ['a zero vector', () => tested.search(new Float32Array(128)), 'invalid_parameter', 'vector'],
    ['a vector of another length', () => tested.search([1, 2, 3]), 'model_mismatch', undefined],
    [
      'a condition that is undefined',
      () => tested.search(pictures.one, { filter: { odd: undefined as never } }),
      'invalid_parameter',
      'filter.odd',
    ],
    [
      'an operand that is undefined',
      () => tested.search(pictures.one, { filter: { odd: { eq: undefined } } }),
      'invalid_parameter',
      'filter.odd.eq',
    ],
    [
      'a bad picture amid queries',
      () => tested.search([{ id: 'one' }, pictures.broken]),
      'invalid_image',
      'queries[1]',
    ],
    ['an unknown id', () => tested.search({ id: 'nobody' }), 'vector_not_found', undefined],
    [
      'a vector of another version',
      () =>
        tested.search({
          embedding: new Float32Array(128).fill(1),
          model: { name: 'cifar10', version: '0.0.1' },
        }),
      'model_mismatch',
      undefined,
    ],
  ] as [string, () => Promise<unknown>, string, string | undefined][])(
    'error: %s',
    async (_, call, code, field) => {
      const failure = await failureOf(call);
      expect(failure?.code).toBe(code);
      if (field) expect(failure?.field).toBe(field);
    },
  );

  test('abort: before the call and during it, with the reason of the signal', async () => {
    const outcomes = await page.evaluate(async () => {
      const reason = new Error('the user left');
      const early = AbortSignal.abort(reason);
      const late = new AbortController();
      const calls = [
        tested.classify(pictures.one, { signal: early }),
        tested.embed([pictures.one], { signal: early }),
        tested.search(pictures.one, { signal: early }),
        tested.classify(Array(40).fill(pictures.one), { signal: late.signal }),
      ];
      late.abort(reason);
      const settled = await Promise.allSettled(calls);
      return settled.map((result) => result.status === 'rejected' && result.reason === reason);
    });
    expect(outcomes).toEqual([true, true, true, true]);
    expect((await page.evaluate(() => tested.classify(pictures.one))).predictions).toHaveLength(5);
  });

  test('many calls at once, also with one signal', async () => {
    const lengths = await page.evaluate(async () => {
      const { signal } = new AbortController();
      const calls = Array.from({ length: 40 }, (_, i) =>
        tested.classify(i % 2 ? pictures.one : pictures.other, { topK: 1 + (i % 4), signal }),
      );
      return (await Promise.all(calls)).map(({ predictions }) => predictions.length);
    });
    expect(lengths).toEqual(Array.from({ length: 40 }, (_, i) => 1 + (i % 4)));
  });
});
