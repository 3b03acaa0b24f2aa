import { errorCodes } from '../../contract/error-codes.ts';
import { isErrorCode } from '../../contract/errors.ts';
import { createClient, type Engine, type Manifest, type Source, UnlabelError } from '../../index.ts';
import { createLocalEngine, type ImageSource } from '../../local.ts';
import { webgpu } from '../../webgpu.ts';
import { find, make } from '../dom.ts';
import { listenForCamera } from './camera.ts';
import { listenForCopy } from './copy.ts';
import { type Point, showMap, showNeighbors } from './map.ts';
import { listenForClasses } from './own/classes.ts';
import { readPicture } from './picture.ts';
import {
  type Method,
  showAgreement,
  showAnswer,
  showBusy,
  showModel,
  showNoAnswer,
  showPicture,
  showPredictions,
  showProblem,
  showProgress,
  showReady,
} from './result.ts';
import { listenForFiles, listenForSamples } from './sources.ts';

/** Bytes of the latest request. */
let sent = 0;
/** Where this page is, and the API beside it: it may be mounted under a path. */
const url = new URL('.', location.href).href;
const hosted = createClient({
  url,
  fetch(input, init) {
    if (init?.body instanceof Blob) sent = init.body.size;
    return fetch(input, init);
  },
});
const manifest = hosted.models.list().then(({ default: name, models }) => {
  const found = models.find((candidate) => candidate.name === name);
  if (!found) throw new Error('The server does not list its default model');
  showModel(found, methodOf(found));
  return found;
});
/** The same model in this page. */
const local = manifest.then(({ name }) =>
  createLocalEngine({ model: name, baseUrl: url, webgpu, onProgress: showProgress }),
);
let isReady = false;
/** The latest picture; the camera while it is on. */
let seen: ImageSource | undefined;
let current: AbortController | undefined;

/** Begins a picture. The latest one wins: an earlier one that is under way is given up. */
function begin(): AbortSignal {
  current?.abort();
  current = new AbortController();
  return current.signal;
}

/** Shows and classifies a picture. */
async function show(file: Blob | Promise<Blob>): Promise<void> {
  stopCamera();
  const signal = begin();
  showBusy();
  try {
    const picture = await readPicture(await file);
    signal.throwIfAborted();
    showPicture(picture);
    seen = picture.image;
    await Promise.all([
      classify(picture.image, signal),
      locate(picture.image, signal),
      showOwn(picture.image, signal),
    ]);
  } catch (error) {
    if (!signal.aborted) explain(error);
  }
}

/** Classifies a frame of the camera; in this page only when the model is here, for the next frame waits. */
async function see(video: HTMLVideoElement): Promise<void> {
  const signal = begin();
  seen = video;
  let frame: ImageBitmap | undefined;
  try {
    // One frame for both of them.
    frame = await createImageBitmap(video);
    await Promise.all([classify(frame, signal, isReady), isReady && showOwn(frame, signal)]);
  } catch (error) {
    if (!signal.aborted) explain(error);
  } finally {
    frame?.close();
  }
}

/** What the visitor chose, where the model brings labeled photos along; else its own classes. */
function methodOf({ gallery }: Manifest): Method {
  const chosen = new FormData(find('#method', HTMLFormElement)).get('method');
  return gallery && chosen === 'neighbors' ? 'neighbors' : 'network';
}

/** Lets endpoint and page classify an image, and shows each answer when it is there. */
async function classify(image: ImageSource, signal: AbortSignal, inPage = true): Promise<void> {
  let isFirst = true;
  const options = { method: methodOf(await manifest), signal } as {
    method: 'neighbors';
    signal: AbortSignal;
  };
  const engines: [Source, Engine<ImageSource> | typeof local][] = [['hosted', hosted]];
  if (inPage) engines.push(['local', local]);
  const outcomes = engines.map(async ([source, engine]) => {
    const start = performance.now();
    try {
      const answer = await (await engine).classify(image, options);
      signal.throwIfAborted();
      showAnswer(answer, performance.now() - start, source === 'hosted' ? sent : 0);
      if (isFirst) showPredictions(answer);
      isFirst = false;
      return answer;
    } catch (error) {
      signal.throwIfAborted();
      showNoAnswer(source, 'no answer');
      throw error;
    }
  });
  const settled = await Promise.allSettled(outcomes);
  signal.throwIfAborted();
  const answers = settled.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value : undefined));
  showAgreement(answers);
  const [failure] = settled.filter((outcome) => outcome.status === 'rejected');
  if (failure && !answers.some(Boolean)) throw failure.reason;
}

/** Finds the picture's place among the model's own photographs; the map is an extra, and says nothing where it fails. */
async function locate(image: ImageSource, signal: AbortSignal): Promise<void> {
  try {
    const { matches } = await hosted.search(image, { namespace: 'gallery', signal });
    if (!signal.aborted) showNeighbors(matches);
  } catch {}
}

/** Draws the model's own photographs, when what the page needs first is here. */
async function drawMap(): Promise<void> {
  await (await local).ready.catch(() => {});
  const points: Point[] = [];
  for await (const { metadata } of hosted.vectors.list({ namespace: 'gallery' }))
    points.push({ label: String(metadata.label), x: Number(metadata.x), y: Number(metadata.y) });
  showMap(await manifest, points);
}

/** A failure of the API is linked to its place in the reference. */
function explain(error: unknown): void {
  if (error instanceof UnlabelError && isErrorCode(error.code)) {
    const title = make('a', { href: `docs#${error.code}` }, errorCodes[error.code][1]);
    showProblem(title, `. ${error.message}.`);
  } else {
    showProblem(`${error instanceof Error ? error.message : error}.`);
  }
}

find('#method', HTMLFormElement).addEventListener('change', async () => {
  const model = await manifest;
  showModel(model, methodOf(model));
  // The camera shows its next frame soon enough.
  if (!seen || seen instanceof HTMLVideoElement) return;
  const signal = begin();
  classify(seen, signal).catch((error) => {
    if (!signal.aborted) explain(error);
  });
});

const showOwn = listenForClasses({ engine: local, seen: () => seen });
listenForFiles(show);
listenForSamples(show);
const stopCamera = listenForCamera({ see, show });

find('#command', HTMLElement).textContent =
  `curl --data-binary @photo.jpg -H 'content-type: image/jpeg' ${url}v1/classify`;
listenForCopy('#copy', '#command');

local.then(
  (engine) =>
    engine.ready.then(
      () => {
        isReady = true;
        showReady(engine.reason);
      },
      () => showNoAnswer('local', 'cannot be loaded'),
    ),
  explain,
);

drawMap().catch(() => {});
