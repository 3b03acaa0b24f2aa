import { UnlabelError } from '../errors.ts';
import { limits } from '../limits.ts';
import type { ClassifyItem } from '../wire.ts';

/** What an answer is held to: by a network, by neighbors and by classes of one's own alike. */
export interface Choice {
  topK: number;
  minScore?: number | undefined;
  labels?: readonly string[] | undefined;
}

export const minScoreRange = 'minScore must be a number from -1 to 1';
export const labelsRange = `labels must be 1 to ${limits.labels} class names`;

/** @throws UnlabelError `invalid_parameter`. */
export function checkMinScore(minScore: unknown): void {
  if (minScore === undefined || (typeof minScore === 'number' && Math.abs(minScore) <= 1)) return;
  throw new UnlabelError('invalid_parameter', minScoreRange, { field: 'minScore' });
}

export const diversityRange = 'diversity must be a number from 0 to 1';

/** @throws UnlabelError `invalid_parameter`. */
export function checkDiversity(diversity: unknown): void {
  if (diversity === undefined || (typeof diversity === 'number' && diversity >= 0 && diversity <= 1)) return;
  throw new UnlabelError('invalid_parameter', diversityRange, { field: 'diversity' });
}

/**
 * @param classes - what the labels must be among. Default: any text.
 * @throws UnlabelError `invalid_parameter`: a label that no class has would make every image unknown.
 */
export function checkLabels(labels: unknown, classes?: readonly string[]): void {
  if (labels === undefined) return;
  const isList = Array.isArray(labels) && labels.length >= 1 && labels.length <= limits.labels;
  if (!isList || !Array.from(labels).every((label) => typeof label === 'string' && label !== ''))
    throw new UnlabelError('invalid_parameter', labelsRange, { field: 'labels' });
  const place = classes ? labels.findIndex((label) => !classes.includes(label)) : -1;
  if (place >= 0)
    throw new UnlabelError(
      'invalid_parameter',
      `labels[${place}] is none of the ${classes?.length} classes`,
      {
        field: 'labels',
      },
    );
}

/** Whether predictions of a label are asked for. */
export function isWanted(label: string, { labels }: Pick<Choice, 'labels'>): boolean {
  return labels === undefined || labels.includes(label);
}

/**
 * An answer of what was asked for.
 *
 * @param ranked - all predictions, best first.
 * @param value - how sure the answer is: a score, or a similarity. Undefined where there is nothing to go by.
 * @param threshold - least value of a known image, where `minScore` names none. Undefined: it is not judged.
 */
export function answerOf(
  ranked: ClassifyItem['predictions'],
  value: number | undefined,
  threshold: number | undefined,
  choice: Choice,
): ClassifyItem {
  const predictions = ranked.filter(({ label }) => isWanted(label, choice)).slice(0, choice.topK);
  const least = choice.minScore ?? threshold;
  return least === undefined
    ? { predictions }
    : { predictions, unknown: !(value !== undefined && value >= least) };
}

/** The matches of a search that are similar enough. */
export function atLeast<Item extends { score: number }>(
  matches: readonly Item[],
  minScore: number | undefined,
): Item[] {
  return matches.filter(({ score }) => minScore === undefined || score >= minScore);
}
