import { find, make } from '../../../src/demo/dom.ts';
import { readAbout } from './api.ts';
import { pictureButton } from './pictures.ts';

const input = find('#label', HTMLInputElement);
let chosen: number | undefined;
/** Stays the one before until the answer for the chosen one is here. */
let shown: number | undefined;

/**
 * Shows a picture, what the model says of it, and its neighbors.
 * @param label - that a person gave it.
 */
export async function showAbout(picture: number, label: string | undefined): Promise<void> {
  chosen = picture;
  const { path, predictions, neighbors } = await readAbout(picture);
  if (chosen !== picture) return;
  shown = picture;
  find('#large', HTMLImageElement).src = `picture/${picture}`;
  find('#path', HTMLElement).textContent = path;
  const rows = predictions.map(({ label, score }) => {
    const row = make('li', {}, make('span', {}, label), make('span', {}, `${(100 * score).toFixed(1)} %`));
    row.style.setProperty('--score', String(score));
    return row;
  });
  find('#predictions', HTMLOListElement).replaceChildren(...rows);
  find('#nearest', HTMLElement).replaceChildren(...neighbors.map(pictureButton));
  input.value = label ?? '';
  find('#chosen', HTMLElement).hidden = false;
}

/** The picture that was chosen last. */
export const chosenPicture = () => chosen;

/** Labels the shown picture; an empty text takes its label away. */
export function listenForLabel(onLabel: (picture: number, name: string) => void): void {
  find('#label-form', HTMLFormElement).addEventListener('submit', (event) => {
    event.preventDefault();
    if (shown !== undefined) onLabel(shown, input.value.trim());
  });
}
