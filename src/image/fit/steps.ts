/** Work in pieces: where it yields, whoever does it may rest. */
export type Steps<Result> = Generator<void, Result>;

/** Does all pieces without a rest. */
export function finish<Result>(steps: Steps<Result>): Result {
  let step = steps.next();
  while (!step.done) step = steps.next();
  return step.value;
}
