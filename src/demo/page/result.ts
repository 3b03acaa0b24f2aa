import type { Classification, Manifest, Source } from '../../index.ts';
import type { Progress } from '../../local.ts';
import { find } from '../dom.ts';
import { percentOf, showBars } from './bars.ts';
import type { Picture } from './picture.ts';

const milliseconds = new Intl.NumberFormat('en', { maximumSignificantDigits: 2 });

/** Scores are called the same when they differ by less. */
const sameScore = 1e-5;

const section = find('#result', HTMLElement);
const list = find('#predictions', HTMLOListElement);
const preview = find('#preview', HTMLImageElement);

/** Says that an answer is awaited; the earlier one stays, dimmed, so that nothing jumps. */
export function showBusy(): void {
  section.ariaBusy = 'true';
}

/** Shows the picture, or none where the browser cannot. */
export function showPicture({ url }: Picture): void {
  URL.revokeObjectURL(preview.src);
  preview.hidden = !url;
  if (url) preview.src = url;
}

/** Shows an answer in its column: of the endpoint, which was sent so many bytes, or of this page. */
export function showAnswer(answer: Classification, time: number, sent: number): void {
  const { source, device, predictions } = answer;
  const [best] = predictions;
  write(`#${source}-best`, best ? `${best.label}, ${percentOf(best.score)}` : '–');
  write(`#${source}-latency`, `${milliseconds.format(time)} ms`);
  write(`#${source}-sent`, sent === 0 ? 'nothing' : bytes(sent));
  write(`#${source}-device`, device === 'wasm' ? 'WebAssembly' : 'WebGPU');
}

/** Shows that one of the two has no answer. */
export function showNoAnswer(source: Source, why: string): void {
  for (const row of ['latency', 'sent', 'device']) write(`#${source}-${row}`, '–');
  write(`#${source}-best`, why);
}

/** Shows how much of the model has arrived in this page, unless it has answered already. */
export function showProgress({ loaded, total }: Progress): void {
  if (find('#local-latency', HTMLElement).textContent === '–')
    write('#local-best', `loading, ${Math.floor((100 * loaded) / total)}% of ${bytes(total)}`);
}

/** Shows that the model is here, and why it runs on the device that it does. */
export function showReady(reason = ''): void {
  showNoAnswer('local', 'ready');
  write('#reason', reason);
}

/** Shows predictions as bars, best first. */
export function showPredictions({ predictions, unknown }: Classification): void {
  showBars(list, predictions);
  section.classList.toggle('unknown', unknown ?? false);
  write('#unknown', unknown ? 'Perhaps none of these' : '');
  list.ariaHidden = null;
  write('#problem', '');
  const [best] = predictions;
  const doubt = unknown ? ', perhaps none of these' : '';
  settle(best ? `${best.label}, ${percentOf(best.score)}${doubt}` : '');
}

/** Shows whether the two answers are one; nothing as long as one is missing. */
export function showAgreement(answers: readonly (Classification | undefined)[]): void {
  const [hosted, local] = answers;
  write('#agreement', hosted && local ? agreement(hosted, local) : '');
}

function agreement(hosted: Classification, local: Classification): string {
  const scores = new Map(local.predictions.map(({ index, score }) => [index, score]));
  const differences = hosted.predictions.map(({ index, score }) =>
    Math.abs(score - (scores.get(index) ?? 0)),
  );
  const largest = Math.max(...differences);
  if (hosted.predictions[0]?.index !== local.predictions[0]?.index) return 'The two answers differ.';
  return largest < sameScore
    ? 'The same answer, digit for digit.'
    : `The same class; scores differ by ${percentOf(largest)} at most.`;
}

/** Shows a failure as a sentence. */
export function showProblem(...sentence: (Node | string)[]): void {
  find('#problem', HTMLElement).replaceChildren(...sentence);
  settle('');
}

/** Who names a picture: the labels of the nearest photos of the model's gallery, or the network's own classes. */
export type Method = 'neighbors' | 'network';

/** Shows which model answers, and how well its int8 weights, which the server runs, did on the test set. */
export function showModel({ name, version, files, gallery }: Manifest, method: Method): void {
  find('#method', HTMLFormElement).hidden = !gallery;
  write('#model', `${name} ${version}`);
  const accuracy =
    method === 'neighbors'
      ? gallery?.metrics.knn20
      : files.find((file) => file.precision === 'int8')?.metrics.accuracy;
  write('#accuracy', accuracy === undefined ? '–' : percentOf(accuracy));
}

function settle(status: string): void {
  section.ariaBusy = 'false';
  write('#status', status);
}

function write(selector: string, text: string): void {
  const element = find(selector, HTMLElement);
  // Unchanged text is left alone: a live camera must not have a screen reader repeat it.
  if (element.textContent !== text) element.textContent = text;
}

function bytes(count: number): string {
  return count < 1000
    ? `${count} bytes`
    : count < 1e6
      ? `${Math.round(count / 1000)} kB`
      : `${(count / 1e6).toFixed(1)} MB`;
}
