import { make } from '../../../src/demo/dom.ts';

/** A picture as a button, which the page's listener for clicks takes by its number. */
export function pictureButton(picture: number): HTMLButtonElement {
  const image = make('img', {
    src: `small/${picture}`,
    alt: `Picture ${picture}`,
    loading: 'lazy',
    width: 96,
    height: 96,
  });
  const button = make('button', { type: 'button', className: 'picture' }, image);
  button.dataset.picture = String(picture);
  return button;
}

export const count = (number: number, one: string, many = `${one}s`) =>
  `${number.toLocaleString('en')} ${number === 1 ? one : many}`;

export const percent = (part: number) => `${Math.round(100 * part)} %`;
