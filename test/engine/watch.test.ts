/** Videos and streams of images, on each implementation: the newest frame is classified, and others are dropped. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { drawPng } from '../../scripts/harness/inputs/draw-png.ts';
import { type Client, createClient } from '../../src/index.ts';
import { base64, type Site, startSite } from '../browser/site.ts';
import { type EngineName, engineNames, openRealm, startEngine } from './engines.ts';
import type { Realm } from './process.ts';

const one = drawPng(40, 32, (x, y) => [x * 6, y * 8, 100]);
const other = drawPng(40, 32, (x, y) => [250 - x, 20, y * 5]);
const region = { x: 4, y: 2, width: 20, height: 21 };
const files = { one: base64(one), other: base64(other), broken: base64(one.subarray(0, 60)) };

let site: Site;
let client: Client;
beforeAll(async () => {
  site = await startSite();
  client = createClient({ url: site.hosted.url, model: 'cifar10' });
});
afterAll(() => site?.stop());

describe.each(engineNames)('%s', (name: EngineName) => {
  let realm: Realm;
  beforeAll(async () => {
    realm = await openRealm(site, name);
    await startEngine(realm, name, site.hosted.url, files);
  });
  afterAll(() => realm?.close());

  test('of images that come faster than answers some are dropped, and the last is answered', async () => {
    const { answers, given } = await realm.evaluate(async (region) => {
      let given = 0;
      async function* images() {
        for (; given < 60; given++) {
          yield pictures.one;
          await new Promise((resolve) => setTimeout(resolve));
        }
        yield pictures.other;
      }
      const answers = [];
      for await (const answer of tested.watch(images(), { topK: 1000, fps: 20, region })) {
        answers.push(answer);
        await unlabel.until(() => given === 60);
      }
      return { answers, given };
    }, region);
    expect(given).toBe(60);
    // The first one, perhaps another before the last, and the last.
    expect([2, 3]).toContain(answers.length);
    const expected = await client.classify([one, other], { topK: 1000, region });
    expect(answers[0]?.predictions).toEqual(expected[0]?.predictions);
    expect(answers.at(-1)?.predictions).toEqual(expected[1]?.predictions);
  });

  test('leaving the loop ends the source, and a stream can be watched', async () => {
    const answers = await realm.evaluate(async () => {
      let isCancelled = false;
      const images = new ReadableStream<Uint8Array<ArrayBuffer>>({
        async pull(controller) {
          await new Promise((resolve) => setTimeout(resolve, 1));
          controller.enqueue(pictures.one);
        },
        cancel() {
          isCancelled = true;
        },
      });
      let answers = 0;
      for await (const { predictions } of tested.watch(images, { classes: undefined as never }))
        if (predictions.length > 0 && ++answers === 3) break;
      await unlabel.until(() => isCancelled);
      return answers;
    });
    expect(answers).toBe(3);
  });

  test.each([
    ['fps 0', async () => tested.watch([] as never, { fps: 0 }).next(), 'invalid_parameter', 'fps'],
    [
      'fps NaN',
      async () => tested.watch([] as never, { fps: Number.NaN }).next(),
      'invalid_parameter',
      'fps',
    ],
    [
      'what does not move',
      async () => tested.watch(pictures.one as never).next(),
      'invalid_parameter',
      'source',
    ],
    [
      'a broken frame',
      async () =>
        tested
          .watch(
            (async function* () {
              yield pictures.broken;
            })(),
          )
          .next(),
      'invalid_image',
      'image',
    ],
  ] as [string, () => Promise<unknown>, string, string][])('error: %s', async (_, call, code, field) => {
    const failure = await realm.evaluate(
      // biome-ignore lint/security/noGlobalEval: a function of this test
      async (call) => unlabel.failureOf((eval(`(${call})`) as () => Promise<unknown>)()),
      `${call}`,
    );
    expect(failure).toMatchObject({ code, field });
  });

  test('the errors of a source and of a signal end it', async () => {
    const messages = await realm.evaluate(async () => {
      async function* failing() {
        yield pictures.one;
        throw new Error('no camera');
      }
      const endless = new ReadableStream<Uint8Array<ArrayBuffer>>({});
      const controller = new AbortController();
      const run = async (images: AsyncIterable<Uint8Array<ArrayBuffer>>, signal?: AbortSignal) => {
        for await (const _ of tested.watch(images, { signal }));
      };
      /** Aborts at the first answer, or after it: the next one would be due in 1,000 s. */
      const rest = async (begin: (abort: () => void) => void) => {
        const resting = new AbortController();
        for await (const _ of tested.watch(failing(), { fps: 0.001, signal: resting.signal }))
          begin(() => resting.abort(new Error('while it rests')));
      };
      const failures = [
        await unlabel.failureOf(run(failing())),
        await unlabel.failureOf(
          Promise.all([
            run(endless as never, controller.signal),
            setTimeout(() => controller.abort(new Error('left'))),
          ]),
        ),
        await unlabel.failureOf(run(endless as never, AbortSignal.abort(new Error('before')))),
        await unlabel.failureOf(rest((abort) => setTimeout(abort, 20))),
        await unlabel.failureOf(rest((abort) => abort())),
      ];
      return failures.map((failure) => failure?.message);
    });
    expect(messages).toEqual(['no camera', 'left', 'before', 'while it rests', 'while it rests']);
  });

  test.runIf(name !== 'node')('a camera and a video are watched, and bitmaps are closed', async () => {
    const { labels, ended, closed, track } = await realm.evaluate(async () => {
      const canvas = Object.assign(document.createElement('canvas'), { width: 40, height: 32 });
      const context = canvas.getContext('2d') as CanvasRenderingContext2D;
      let shade = 0;
      const draw = () => {
        context.fillStyle = `rgb(${shade++ % 256}, 90, 160)`;
        context.fillRect(0, 0, 40, 32);
      };
      const timer = setInterval(draw, 10);
      const stream = canvas.captureStream();
      const labels: string[] = [];
      for await (const { predictions } of tested.watch(stream, { fps: 100 })) {
        labels.push(predictions[0]?.label ?? 'nothing');
        if (labels.length === 3) break;
      }
      const track = stream.getVideoTracks()[0]?.readyState;
      const video = Object.assign(document.createElement('video'), { muted: true });
      video.srcObject = stream;
      await video.play();
      let ended = 0;
      for await (const _ of tested.watch(video))
        if (++ended === 2) for (const one of stream.getTracks()) one.stop();
      clearInterval(timer);
      const bitmaps = await Promise.all([1, 2, 3].map(() => createImageBitmap(canvas)));
      async function* images() {
        yield* bitmaps;
      }
      for await (const _ of tested.watch(images()));
      return { labels, ended, closed: bitmaps.map(({ width }) => width), track };
    });
    expect(labels).toHaveLength(3);
    expect(labels).not.toContain('nothing');
    expect(track).toBe('live');
    expect(ended).toBeGreaterThanOrEqual(2);
    expect(closed).toEqual([0, 0, 0]);
  });

  test.runIf(name !== 'node')('a bitmap that comes once watching has stopped is closed', async () => {
    const widths = await realm.evaluate(async () => {
      const canvas = new OffscreenCanvas(40, 32);
      canvas.getContext('2d');
      const bitmaps = await Promise.all([1, 2].map(() => createImageBitmap(canvas)));
      const [first, second] = bitmaps as [ImageBitmap, ImageBitmap];
      const [asked, late] = [Promise.withResolvers<void>(), Promise.withResolvers<ImageBitmap>()];
      let asks = 0;
      const images = {
        [Symbol.asyncIterator]: () => images,
        async next() {
          if (asks++ === 0) return { done: false, value: first };
          asked.resolve();
          return { done: false, value: await late.promise };
        },
      };
      for await (const _ of tested.watch(images)) {
        await asked.promise;
        break;
      }
      late.resolve(second);
      await unlabel.until(() => second.width === 0);
      return [first.width, second.width, asks];
    });
    expect(widths).toEqual([0, 0, 2]);
  });

  test.runIf(name !== 'node')('a camera that is off or goes off without a frame ends it', async () => {
    const outcomes = await realm.evaluate(async () => {
      // A canvas would give a frame.
      const { MediaStreamTrackGenerator } = globalThis as unknown as {
        MediaStreamTrackGenerator: new (init: { kind: 'video' }) => MediaStreamTrack;
      };
      const silent = () => new MediaStream([new MediaStreamTrackGenerator({ kind: 'video' })]);
      const turnOff = (stream: MediaStream) => {
        for (const track of stream.getTracks()) track.stop();
      };
      const count = async (stream: MediaStream, signal?: AbortSignal) => {
        let answers = 0;
        for await (const _ of tested.watch(stream, { signal })) answers++;
        return answers;
      };
      const [off, goesOff] = [silent(), silent()];
      turnOff(off);
      const going = count(goesOff);
      setTimeout(() => turnOff(goesOff), 50);
      const controller = new AbortController();
      setTimeout(() => controller.abort(new Error('left')), 50);
      const failure = await unlabel.failureOf(count(silent(), controller.signal));
      return [await count(off), await count(new MediaStream()), await going, failure?.message] as const;
    });
    expect(outcomes).toEqual([0, 0, 0, 'left']);
  });

  test.runIf(name !== 'node')('the only frame of a still stream is answered', async () => {
    const answers = await realm.evaluate(async () => {
      const canvas = Object.assign(document.createElement('canvas'), { width: 40, height: 32 });
      canvas.getContext('2d')?.fillRect(0, 0, 20, 32);
      const stream = canvas.captureStream();
      let answers = 0;
      for await (const _ of tested.watch(stream)) {
        answers++;
        for (const track of stream.getTracks()) track.stop();
      }
      return answers;
    });
    expect(answers).toBeGreaterThanOrEqual(1);
  });
});
