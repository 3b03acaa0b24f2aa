import type { Classification, Manifest } from '../index.ts';
import { find, make } from './dom.ts';
import type { Picture } from './picture.ts';

const percent = new Intl.NumberFormat('en', {
  style: 'percent',
  minimumFractionDigits: 1,
  maximumFractionDigits: 1,
});

const section = find('#result', HTMLElement);
const list = find('#predictions', HTMLOListElement);
const preview = find('#preview', HTMLImageElement);

/** Says that an answer is awaited; the earlier one stays, dimmed, so that nothing jumps. */
export function showBusy(): void {
  section.ariaBusy = 'true';
}

/** Shows the bytes that are sent as a picture, or none where the browser cannot. */
export function showPicture({ body, size }: Picture): void {
  URL.revokeObjectURL(preview.src);
  preview.hidden = !size;
  if (size) preview.src = URL.createObjectURL(body);
  write('#sent', size ? `${bytes(body.size)}, ${size.width} × ${size.height}` : bytes(body.size));
}

/** Shows the predictions as bars, best first, and how long they took. */
export function showAnswer({ predictions }: Classification, milliseconds: number): void {
  const rows = predictions.map(({ label, score }) => {
    const row = make('li', {}, make('span', {}, label), make('span', {}, percent.format(score)));
    row.style.setProperty('--score', String(score));
    return row;
  });
  list.replaceChildren(...rows);
  list.ariaHidden = null;
  write('#latency', `${Math.round(milliseconds)} ms`);
  write('#problem', '');
  const [best] = predictions;
  settle(best ? `${best.label}, ${percent.format(best.score)}` : '');
}

/** Shows a failure as a sentence. */
export function showProblem(...sentence: (Node | string)[]): void {
  find('#problem', HTMLElement).replaceChildren(...sentence);
  write('#latency', '–');
  settle('');
}

/** Shows which model answers, and how well its int8 weights, which the server runs, did on the test set. */
export function showModel({ name, version, files }: Manifest): void {
  write('#model', `${name} ${version}`);
  const accuracy = files.find((file) => file.precision === 'int8')?.metrics.accuracy;
  write('#accuracy', accuracy === undefined ? '–' : percent.format(accuracy));
}

function settle(status: string): void {
  section.ariaBusy = 'false';
  write('#status', status);
  // On a phone the picture fills the screen, and the answer would be below it.
  list.scrollIntoView({ block: 'nearest' });
}

function write(selector: string, text: string): void {
  find(selector, HTMLElement).textContent = text;
}

function bytes(count: number): string {
  return count < 1000
    ? `${count} bytes`
    : count < 1e6
      ? `${Math.round(count / 1000)} kB`
      : `${(count / 1e6).toFixed(1)} MB`;
}
