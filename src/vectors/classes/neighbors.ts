import type { Prediction } from '../../contract/engine.ts';
import type { Match } from '../../contract/vectors.ts';
import { exp } from './exp.ts';

/** A neighbor's vote weighs exp(cosine / this), as in Wu et al., https://arxiv.org/abs/1805.01978. */
export const neighborTemperature = 0.07;

/**
 * Classifies by the metadata `label` of the nearest vectors; those without one have no vote.
 * @param classes - names of the model's classes, for `index`; a label that is none of them has -1.
 * @returns the labels that were voted for, best first, equal scores by label; scores add up to 1.
 */
export function classifyByNeighbors(
  neighbors: readonly Match[],
  classes: readonly string[],
  topK: number,
): Prediction[] {
  const votes = new Map<string, number>();
  for (const { score, metadata } of neighbors) {
    if (typeof metadata.label !== 'string') continue;
    votes.set(metadata.label, (votes.get(metadata.label) ?? 0) + exp(score / neighborTemperature));
  }
  const total = [...votes.values()].reduce((sum, vote) => sum + vote, 0);
  return Array.from(votes, ([label, vote]) => ({ label, index: classes.indexOf(label), score: vote / total }))
    .sort((a, b) => b.score - a.score || (a.label < b.label ? -1 : 1))
    .slice(0, topK);
}
