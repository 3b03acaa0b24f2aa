import { errorCodes } from '../contract/errors.ts';
import { createClient, UnlabelError } from '../index.ts';
import { listenForCamera } from './camera.ts';
import { listenForCopy } from './copy.ts';
import { find, make } from './dom.ts';
import { prepare } from './picture.ts';
import { showAnswer, showBusy, showModel, showPicture, showProblem } from './result.ts';
import { listenForFiles, listenForSamples } from './sources.ts';

const client = createClient({ url: location.origin, upload: 'file' });
let current: AbortController | undefined;

/** Classifies a picture. The latest one wins: an earlier one that is under way is given up. */
async function show(file: Blob | Promise<Blob>): Promise<void> {
  current?.abort();
  current = new AbortController();
  const { signal } = current;
  showBusy();
  try {
    const picture = await prepare(await file);
    signal.throwIfAborted();
    showPicture(picture);
    const start = performance.now();
    const answer = await client.classify(picture.body, { signal });
    showAnswer(answer, performance.now() - start);
  } catch (error) {
    if (!signal.aborted) explain(error);
  }
}

/** A failure of the API is linked to its place in the reference. */
function explain(error: unknown): void {
  if (error instanceof UnlabelError) {
    const title = make('a', { href: `/docs#${error.code}` }, errorCodes[error.code][1]);
    showProblem(title, `. ${error.message}.`);
  } else {
    showProblem(`${error instanceof Error ? error.message : error}.`);
  }
}

listenForFiles(show);
listenForSamples(show);
listenForCamera(show);

find('#command', HTMLElement).textContent =
  `curl --data-binary @photo.jpg -H 'content-type: image/jpeg' ${location.origin}/v1/classify`;
listenForCopy('#copy', '#command');

client.models.list().then(({ default: name, models }) => {
  const model = models.find((candidate) => candidate.name === name);
  if (model) showModel(model);
}, explain);
