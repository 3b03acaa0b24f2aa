import type { Prediction } from '../../index.ts';
import { make } from '../dom.ts';

const percent = new Intl.NumberFormat('en', {
  style: 'percent',
  minimumFractionDigits: 1,
  maximumFractionDigits: 1,
});

/** A score as it is shown. */
export function percentOf(score: number): string {
  return percent.format(score);
}

/** Shows predictions as bars, best first. Rows stay where they are, so that their bars move. */
export function showBars(list: HTMLOListElement, predictions: readonly Prediction[]): void {
  while (list.children.length > predictions.length) list.lastElementChild?.remove();
  for (const [i, { label, score }] of predictions.entries()) {
    const row = list.children[i] ?? list.appendChild(make('li'));
    row.replaceChildren(make('span', {}, label), make('span', {}, percentOf(score)));
    (row as HTMLLIElement).style.setProperty('--score', String(score));
  }
}
